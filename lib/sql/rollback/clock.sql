-- rollback/clock.sql: the server's time, which "since" in evidence.sql is compared with; read alike whatever a session's DateStyle.
SELECT pg_catalog.to_char(pg_catalog.clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS now
