-- cleanup/hold.sql: every partition, as batches take theirs: no daemon is in the midst of these rows, and none begins with them
-- before this transaction has ended.
SELECT pg_catalog.count(pg_catalog.pg_advisory_xact_lock(1685414252, p))
FROM pg_catalog.generate_series(0, dualwrite.setting('partitions')::pg_catalog.int4 - 1) p
