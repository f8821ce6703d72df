-- claim.sql: what waits in the held partitions: the oldest $1 events, and failed ones that are due or whose row has a new
-- event; up to id $2 where that is not NULL. Nothing is marked: the locks of hold.sql are the claim, and they go with the transaction.
WITH held AS MATERIALIZED (
    SELECT pg_catalog.current_setting('dualwrite.held')::pg_catalog.int4[] AS partitions,
           dualwrite.setting('partitions')::pg_catalog.int4 AS count
), fresh AS MATERIALIZED (
    SELECT o.id, o.xid, o.captured_at, o.entity, o.operation, o.ref, o.actor
    FROM dualwrite.outbox o, held
    WHERE o.bucket * held.count / 1024 = ANY (held.partitions) AND ($2::pg_catalog.int8 IS NULL OR o.id <= $2)
    ORDER BY o.id LIMIT $1::pg_catalog.int4
), due AS (
    SELECT f.event_id, f.xid, f.captured_at, f.entity, f.operation, f.ref, f.actor, f.attempts, f.sqlstate
    FROM dualwrite.failed f, held
    WHERE f.bucket * held.count / 1024 = ANY (held.partitions)
      AND ($2::pg_catalog.int8 IS NULL OR f.event_id <= $2)
      AND (f.retry_at <= pg_catalog.clock_timestamp()
           OR EXISTS (SELECT FROM fresh r WHERE r.entity = f.entity AND r.ref = f.ref))
    ORDER BY f.event_id LIMIT $1::pg_catalog.int4
), claimed AS (
    SELECT fresh.*, 0 AS attempts, NULL AS sqlstate FROM fresh UNION ALL SELECT * FROM due
)
SELECT c.id, c.entity, c.operation, pg_catalog.array_to_json(c.ref) AS ref, c.actor, c.attempts, c.sqlstate,
       (extract(epoch FROM pg_catalog.clock_timestamp() - coalesce(t.committed_at, c.captured_at)) * 1000)::pg_catalog.int8
           AS age_ms,
       t.committed_at IS NOT NULL AS age_from_commit
FROM claimed c
CROSS JOIN LATERAL (
    SELECT CASE WHEN pg_catalog.current_setting('track_commit_timestamp') = 'on'
                THEN pg_catalog.pg_xact_commit_timestamp(c.xid::pg_catalog.xid) END AS committed_at) t
ORDER BY c.id
