-- status/oldest.sql: the age of the oldest waiting event, by its id, where the outbox is too large to be read.
SELECT pg_catalog.round(extract(epoch FROM pg_catalog.clock_timestamp() - o.captured_at)::pg_catalog.numeric, 3)
FROM dualwrite.outbox o ORDER BY o.id LIMIT 1
