-- keep.sql: keeps the partitions $1 beyond the end of this transaction, until the batch has been claimed again: nobody else may
-- have its events meanwhile, which have been announced.
SELECT pg_catalog.count(pg_catalog.pg_advisory_lock(1685414252, p)) FROM unnest($1::pg_catalog.int4[]) p
