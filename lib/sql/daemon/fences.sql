-- fences.sql: in the legacy database: the newest batch that each partition has seen. Asked after leases.sql, so none may be
-- below its lease, and before epoch_raise.sql, so none may be above what was drawn.
SELECT pg_catalog.array_agg(f.epoch ORDER BY f.partition) AS fences,
       pg_catalog.array_agg(f.partition ORDER BY f.partition) AS partitions, pg_catalog.max(f.epoch) AS highest
FROM dualwrite.fence f
