-- explain/failed.sql: the failed events of one row, the newest first: $1 entity, $2 where in `ref` its identity stands, $3 the
-- identity.
SELECT pg_catalog.json_build_object(
           'event_id', f.event_id::pg_catalog.text, 'parked', f.retry_at IS NULL, 'operation', f.operation, 'actor', f.actor,
           'sqlstate', f.sqlstate, 'exception_type', f.exception_type, 'constraint', f.constraint_name, 'message', f.message,
           'attempts', f.attempts,
           'last_failed_age_seconds', pg_catalog.round(extract(epoch FROM pg_catalog.now() - f.last_failed_at)::pg_catalog.numeric, 3),
           'retry_in_seconds', CASE WHEN f.retry_at IS NOT NULL THEN
               pg_catalog.round(greatest(extract(epoch FROM f.retry_at - pg_catalog.now()), 0)::pg_catalog.numeric, 3) END) AS event
FROM dualwrite.failed f
WHERE f.entity = $1
  AND (SELECT pg_catalog.array_agg(f.ref[p.at] ORDER BY p.n) FROM unnest($2::pg_catalog.int4[]) WITH ORDINALITY p(at, n))
      = $3::pg_catalog.text[]
ORDER BY f.event_id DESC LIMIT 10
