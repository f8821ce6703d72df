-- arm.sql: sets the doorbells of our partitions: writers ring until $2 milliseconds from now. $1 instance.
SELECT pg_catalog.count(pg_catalog.setval(
    ('dualwrite.doorbell_' || p)::pg_catalog.regclass,
    (extract(epoch FROM pg_catalog.clock_timestamp()) * 1000)::pg_catalog.int8 + $2::pg_catalog.int8))
FROM dualwrite.partitions_of($1::pg_catalog.uuid) p
