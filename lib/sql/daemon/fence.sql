-- fence.sql: first in each legacy transaction: $1 epoch, $2 partitions, $3 leases (epoch.sql). A batch whose partitions
-- somebody else has taken over finds a higher epoch, and may not write; one that is under way keeps its successor waiting
-- here, under lock_timeout. A former epoch below the lease means that this database was restored from an older copy.
WITH mine AS MATERIALIZED (
    SELECT f.partition, f.epoch, ($3::pg_catalog.int8[])[f.partition + 1] AS lease FROM dualwrite.fence f
    WHERE f.partition = ANY ($2::pg_catalog.int4[]) ORDER BY f.partition FOR UPDATE
), former AS MATERIALIZED (
    SELECT pg_catalog.max(mine.epoch) AS highest,
           coalesce(pg_catalog.max(mine.epoch) <= $1::pg_catalog.int8, false) AS passed,
           coalesce(pg_catalog.bool_or(mine.epoch < mine.lease), false) AS restored
    FROM mine
), moved AS (
    UPDATE dualwrite.fence f SET epoch = $1::pg_catalog.int8
    FROM mine, former WHERE f.partition = mine.partition AND former.passed AND NOT former.restored
)
SELECT former.highest, former.passed, former.restored,
       (SELECT pg_catalog.array_agg(mine.epoch ORDER BY mine.partition) FROM mine) AS fences,
       (SELECT pg_catalog.array_agg(mine.partition ORDER BY mine.partition) FROM mine) AS partitions
FROM former
