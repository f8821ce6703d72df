-- reload/answers.sql: what the daemons $1 have answered by now. One that is not there any more has ended.
SELECT d.instance, coalesce(d.reload_done, 0) AS done, d.reload_answer AS answer,
       pg_catalog.round(greatest(extract(epoch FROM pg_catalog.clock_timestamp() - d.beat_at), 0)::pg_catalog.numeric, 1) AS quiet
FROM dualwrite.daemon d WHERE d.instance = ANY ($1::pg_catalog.uuid[])
