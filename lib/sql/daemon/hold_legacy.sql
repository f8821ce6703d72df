-- hold_legacy.sql: in the legacy database, after evict.sql: the locks that it did not get, from sessions that are about to end
-- or that are waited for, under lock_timeout. $1 partitions.
SELECT pg_catalog.count(pg_catalog.pg_advisory_xact_lock(1685414252, p)) FROM unnest($1::pg_catalog.int4[]) p
