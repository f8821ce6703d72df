-- resync_next.sql: the table that needs a resync next, locked against other daemons for this transaction. $1 instance: only
-- the daemon of partition 0 does it. $2 the entities that the mapping knows.
SELECT r.entity, r.seen, r.handled, r.position::pg_catalog.text AS after,
       r.queued, r.seen > r.handled AS begun,
       coalesce(pg_catalog.pg_snapshot_xmin(pg_catalog.pg_current_snapshot()) > r.barrier, false) AS passed
FROM dualwrite.resync r
WHERE 0 IN (SELECT dualwrite.partitions_of($1::pg_catalog.uuid))
  AND r.entity = ANY ($2::pg_catalog.text[])
  AND coalesce(pg_catalog.pg_sequence_last_value(('dualwrite.resync_' || r.entity)::pg_catalog.regclass), 0) > r.handled
ORDER BY r.entity LIMIT 1 FOR UPDATE SKIP LOCKED
