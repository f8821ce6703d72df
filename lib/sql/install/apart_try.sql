-- install/apart_try.sql: is the lock $1 of apart_hold.sql free here? Advisory locks are a database's own.
SELECT pg_catalog.pg_try_advisory_xact_lock($1::pg_catalog.int8)
