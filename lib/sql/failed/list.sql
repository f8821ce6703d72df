-- failed/list.sql: template. The failed events that are meant, the newest failure first, each as JSON, and how many there
-- are in all. Parameters: failed/matching.sql, and $9 how many rows at most.
SELECT pg_catalog.count(*) OVER () AS total,
       pg_catalog.count(*) FILTER (WHERE f.retry_at IS NULL) OVER () AS parked,
       f.event_id,
       pg_catalog.json_build_object(
           'event_id', f.event_id::pg_catalog.text, 'parked', f.retry_at IS NULL, 'operation', f.operation, 'entity', f.entity,
           'ref', f.ref, 'actor', f.actor, 'sqlstate', f.sqlstate, 'exception_type', f.exception_type,
           'constraint', f.constraint_name, 'message', f.message, 'attempts', f.attempts,
           'captured_at', pg_catalog.to_char(f.captured_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
           'first_failed_at', pg_catalog.to_char(f.first_failed_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
           'last_failed_at', pg_catalog.to_char(f.last_failed_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
           'first_failed_age_seconds', pg_catalog.round(extract(epoch FROM pg_catalog.now() - f.first_failed_at)::pg_catalog.numeric, 3),
           'last_failed_age_seconds', pg_catalog.round(extract(epoch FROM pg_catalog.now() - f.last_failed_at)::pg_catalog.numeric, 3),
           'retry_in_seconds', CASE WHEN f.retry_at IS NOT NULL THEN
               pg_catalog.round(greatest(extract(epoch FROM f.retry_at - pg_catalog.now()), 0)::pg_catalog.numeric, 3) END,
           'xid', f.xid::pg_catalog.text, 'bucket', f.bucket,
           'partition', f.bucket * (SELECT dualwrite.setting('partitions')::pg_catalog.int4) / 1024) AS event
FROM dualwrite.failed f
WHERE :{matching}
ORDER BY f.last_failed_at DESC, f.event_id DESC
LIMIT $9::pg_catalog.int8
