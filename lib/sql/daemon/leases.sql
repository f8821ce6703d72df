-- leases.sql: what the legacy database is known to have, by partition from 0 on.
SELECT pg_catalog.array_agg(l.epoch ORDER BY l.partition) AS leases FROM dualwrite.lease l
