-- hold.sql: takes this daemon's partitions for the transaction. $1 instance, $2 barrier xid8 or NULL, $3 take the doorbell
-- down, $4 partitions that keep.sql has kept, or NULL. A statement of its own before claim.sql, so that the claim's snapshot is newer than the locks.
-- A partition that cannot be had is another batch's; stale.sql asks whose.
WITH mine AS MATERIALIZED (
    SELECT p FROM dualwrite.partitions_of($1::pg_catalog.uuid) p
    UNION SELECT p FROM unnest($4::pg_catalog.int4[]) p
), held AS MATERIALIZED (
    SELECT p FROM mine WHERE pg_catalog.pg_try_advisory_xact_lock(1685414252, p)
), doorbell AS MATERIALIZED (
    SELECT pg_catalog.count(pg_catalog.setval(('dualwrite.doorbell_' || p)::pg_catalog.regclass, 0)) AS taken_down
    FROM held
    WHERE $3::pg_catalog.bool AND pg_catalog.pg_sequence_last_value(('dualwrite.doorbell_' || p)::pg_catalog.regclass) > 0
)
SELECT (SELECT pg_catalog.count(*) FROM mine) AS mine,
       (SELECT pg_catalog.count(*) FROM held) AS held,
       coalesce(pg_catalog.pg_snapshot_xmin(pg_catalog.pg_current_snapshot()) > $2::pg_catalog.text::pg_catalog.xid8,
                false) AS passed,
       (SELECT taken_down FROM doorbell) AS taken_down,
       pg_catalog.set_config('dualwrite.held',
                             coalesce((SELECT pg_catalog.array_agg(p ORDER BY p)::pg_catalog.text FROM held), '{}'), true)
           AS partitions
