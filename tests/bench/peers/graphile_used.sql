-- graphile_used.sql: makes the jobs table one that has been in use. For a table that nobody has ever filled the server plans
-- add_jobs with a scan of all jobs, and a writer's session keeps that plan: each job costs more than the one before.
SELECT count(*) FROM graphile_worker.add_jobs(ARRAY(
    SELECT ROW('sync', NULL, NULL, NULL, NULL, 'used-' || n, NULL, NULL)::graphile_worker.job_spec
    FROM generate_series(1, 10000) n));
ANALYZE graphile_worker._private_jobs, graphile_worker._private_tasks, graphile_worker._private_job_queues;
DELETE FROM graphile_worker._private_jobs;
