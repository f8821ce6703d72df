-- cleanup/ended.sql: run $1 is over: $2 'done' or 'given up'.
UPDATE dualwrite.cleanup SET ended_at = pg_catalog.clock_timestamp(), outcome = $2
WHERE id = $1::pg_catalog.int8 AND ended_at IS NULL
