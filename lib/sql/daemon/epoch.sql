-- epoch.sql: this batch's epoch, drawn while its partitions are held: it is above that of every batch before it. And what the
-- legacy database is known to have, by partition from 0 on: nobody else changes that of a partition that is held.
SELECT pg_catalog.nextval('dualwrite.epoch') AS epoch,
       (SELECT pg_catalog.array_agg(l.epoch ORDER BY l.partition) FROM dualwrite.lease l) AS leases
