-- check/clock.sql: the server's clock in milliseconds, and which process answers.
SELECT pg_catalog.floor(extract(epoch FROM pg_catalog.clock_timestamp()) * 1000)::pg_catalog.int8 AS ms,
       pg_catalog.pg_backend_pid() AS pid
