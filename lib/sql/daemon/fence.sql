-- fence.sql: first in each legacy transaction: $1 epoch, $2 partitions. A batch whose partitions somebody else has taken over
-- finds a higher epoch, and may not write; one that is under way keeps its successor waiting here, under lock_timeout.
WITH mine AS MATERIALIZED (
    SELECT f.partition, f.epoch FROM dualwrite.fence f
    WHERE f.partition = ANY ($2::pg_catalog.int4[]) ORDER BY f.partition FOR UPDATE
), moved AS (
    UPDATE dualwrite.fence f SET epoch = $1::pg_catalog.int8
    FROM mine WHERE f.partition = mine.partition AND mine.epoch <= $1::pg_catalog.int8
)
SELECT pg_catalog.max(mine.epoch) AS highest, coalesce(pg_catalog.max(mine.epoch) <= $1::pg_catalog.int8, false) AS passed
FROM mine
