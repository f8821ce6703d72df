-- evict.sql: in the legacy database, after hold_epoch.sql and before the fence: $1 epoch, $2 partitions. Takes an advisory
-- lock on each partition, which says who works there. An older batch that has one is that of a daemon which lost the partition
-- in the vNext database, because it is stopped or cut off: its session is ended, where our login may do that. A younger one,
-- and what cannot be told, is waited for by fence.sql. Epochs are compared as the 31 bits that a lock's key has room for.
WITH mine AS MATERIALIZED (
    SELECT p, pg_catalog.pg_try_advisory_xact_lock(1685414252, p) AS free FROM unnest($2::pg_catalog.int4[]) p
), here AS MATERIALIZED (
    SELECT l.pid, l.classid, l.objid FROM pg_catalog.pg_locks l
    WHERE (SELECT pg_catalog.count(*) FROM mine WHERE NOT mine.free) > 0
      AND l.locktype = 'advisory' AND l.objsubid = 2 AND l.granted AND l.pid <> pg_catalog.pg_backend_pid()
      AND l.database = (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database())
), stale AS MATERIALIZED (
    SELECT a.pid, pg_catalog.string_agg(mine.p::pg_catalog.text, ',' ORDER BY mine.p) AS partitions
    FROM mine
    JOIN here h ON h.classid = 1685414252 AND h.objid = mine.p::pg_catalog.oid
    JOIN here e ON e.pid = h.pid AND e.classid = 1685414253
    JOIN pg_catalog.pg_stat_activity a ON a.pid = h.pid
    JOIN pg_catalog.pg_roles r ON r.oid = a.usesysid
    WHERE NOT mine.free AND a.application_name LIKE 'dualwrited/%'
      AND ($1::pg_catalog.int8 - e.objid::pg_catalog.int8) & 2147483647 BETWEEN 1 AND 1073741823
      AND pg_catalog.pg_has_role(r.oid, 'USAGE')
      AND (NOT r.rolsuper OR pg_catalog.current_setting('is_superuser') = 'on')
    GROUP BY a.pid
)
SELECT s.pid, s.partitions, pg_catalog.pg_terminate_backend(s.pid) AS ended FROM stale s
