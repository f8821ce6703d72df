-- backup/hold.sql: every partition, for the session: no batch is under way, and none begins.
SELECT pg_catalog.count(pg_catalog.pg_advisory_lock(1685414252, p)) FROM pg_catalog.generate_series(0, 63) p
