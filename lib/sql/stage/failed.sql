-- stage/failed.sql: how the row's sync failed. $1 entity, $2 key, $3 how many columns that is.
SELECT f.event_id::pg_catalog.text, f.sqlstate, f.exception_type, f.message, f.attempts::pg_catalog.text
FROM dualwrite.failed f
WHERE f.entity = $1 AND f.ref[1:$3::pg_catalog.int4] = $2::pg_catalog.text[]
ORDER BY f.last_failed_at DESC
LIMIT 1
