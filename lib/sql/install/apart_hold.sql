-- install/apart_hold.sql: within a transaction: holds a lock under a number that nobody else has.
SELECT n.number, pg_catalog.pg_advisory_xact_lock(n.number)
FROM (SELECT (pg_catalog.random() * 9e15)::pg_catalog.int8 AS number OFFSET 0) n
