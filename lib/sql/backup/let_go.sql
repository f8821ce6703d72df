-- backup/let_go.sql: what hold.sql took.
SELECT pg_catalog.count(*) FROM pg_catalog.generate_series(0, 63) p WHERE pg_catalog.pg_advisory_unlock(1685414252, p)
