-- keep_end.sql: the partitions $1, kept by keep.sql, are held by this transaction now.
SELECT pg_catalog.count(*) FROM unnest($1::pg_catalog.int4[]) p WHERE pg_catalog.pg_advisory_unlock(1685414252, p)
