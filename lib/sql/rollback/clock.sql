-- rollback/clock.sql: the server's time, which "since" in evidence.sql is compared with.
SELECT pg_catalog.clock_timestamp()::pg_catalog.text AS now
