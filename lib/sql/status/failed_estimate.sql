-- status/failed_estimate.sql: the same shape where there are too many to be read: what the statistics say, all as parked.
SELECT pg_catalog.json_build_object(
    'parked', (SELECT greatest(pg_catalog.pg_stat_get_live_tuples(k.oid), k.reltuples, 0)
               FROM pg_catalog.pg_class k WHERE k.oid = 'dualwrite.failed'::pg_catalog.regclass), 'retrying', 0,
    'exact', false, 'oldest_age_seconds', NULL, 'causes', '[]'::pg_catalog.json) AS answer
