-- claim.sql: what waits in the held partitions: up to $1 events, and failed ones that are due or whose row has a new event;
-- up to id $2 where that is not NULL. Nothing is marked: the locks of hold.sql are the claim, and they go with the transaction.
--
-- $3 is the cursor that the claim before gave, once its batch is committed: up to which transaction and event nothing waits any
-- more, and the transactions before that which had not ended then, our own with them. So a claim meets neither what it passed
-- before nor what is deleted and cannot be vacuumed. Nothing is passed over: events that are seen later are those of
-- transactions that ended later, and these were open then, or had no id yet. It is good for the partitions that were held; NULL: from the beginning.
-- (tests/model/cursor.pml is about all this.) It is good for one queue: pg_restore beneath a running daemon makes another one,
-- whose events have the ids of transactions that were passed long ago.
--
-- $4 says, per entity, which items of ref are the identity. There is always a row, for the cursor and for `more`, whether
-- there is more to be looked at; without an event its id is NULL.
WITH moment AS MATERIALIZED (
    SELECT pg_catalog.set_config('dualwrite.claimed_at', pg_catalog.clock_timestamp()::pg_catalog.text, true)::pg_catalog.timestamptz AS at
), held AS MATERIALIZED (
    SELECT pg_catalog.current_setting('dualwrite.held')::pg_catalog.int4[] AS partitions,
           dualwrite.setting('partitions')::pg_catalog.int4 AS count,
           pg_catalog.pg_relation_filenode('dualwrite.outbox'::pg_catalog.regclass) AS queue
), cursor AS MATERIALIZED (
    SELECT coalesce(c.low, '0') AS low, coalesce(c.after, 0) AS after, coalesce(c.open, '{}') AS open
    FROM held LEFT JOIN pg_catalog.json_to_record($3::pg_catalog.json)
                        AS c(held pg_catalog.int4[], count pg_catalog.int4, queue pg_catalog.oid, low pg_catalog.xid8,
                             after pg_catalog.int8, open pg_catalog.xid8[])
              ON c.held = held.partitions AND c.count = held.count AND c.queue = held.queue
), looked AS MATERIALIZED (
    SELECT e.* FROM held, cursor c,
         LATERAL dualwrite.waiting_events(held.partitions, held.count, c.low, c.after, c.open, $2::pg_catalog.int8,
                                          $1::pg_catalog.int4) e
), fresh AS MATERIALIZED (
    SELECT * FROM looked l WHERE l.entity IS NOT NULL
), cut AS MATERIALIZED (
    -- the claim was full, or had looked at enough: there it goes on. (An id that this server has not come to is of a dump
    -- that was taken on another one: those to come are below it.)
    SELECT l.xid, l.id, l.late, l.xid >= pg_catalog.pg_snapshot_xmax(pg_catalog.pg_current_snapshot()) AS future FROM looked l
    WHERE (SELECT pg_catalog.count(*) FROM fresh) >= $1::pg_catalog.int4 OR l.entity IS NULL
    ORDER BY l.late, l.xid DESC, l.id DESC LIMIT 1
), next AS MATERIALIZED (
    SELECT pg_catalog.json_build_object(
               'held', held.partitions, 'count', held.count, 'queue', held.queue,
               'low', CASE WHEN cut.late THEN c.low WHEN NOT cut.future THEN cut.xid
                           ELSE pg_catalog.pg_snapshot_xmax(now.snapshot) END::pg_catalog.text,
               'after', CASE WHEN cut.late THEN c.after WHEN NOT cut.future THEN cut.id ELSE 0 END,
               -- this transaction, which no list of its own has, may write events yet: legacy tables have triggers
               'open', ARRAY(SELECT x::pg_catalog.text FROM pg_catalog.pg_snapshot_xip(now.snapshot) x UNION
                             SELECT pg_catalog.pg_current_xact_id_if_assigned()::pg_catalog.text
                             WHERE pg_catalog.pg_current_xact_id_if_assigned() IS NOT NULL UNION
                             SELECT x::pg_catalog.text FROM unnest(c.open) x WHERE cut.late)) AS cursor
    FROM held, cursor c CROSS JOIN (SELECT pg_catalog.pg_current_snapshot() AS snapshot) now LEFT JOIN cut ON true
    WHERE $2::pg_catalog.int8 IS NULL -- else something above it was passed over
), wanted AS MATERIALIZED (
    SELECT DISTINCT f.entity, ARRAY(SELECT f.ref[p.at::pg_catalog.int4]
                                    FROM pg_catalog.json_array_elements_text($4::pg_catalog.json -> f.entity) WITH ORDINALITY p(at, n)
                                    ORDER BY p.n) AS identity
    FROM fresh f WHERE EXISTS (SELECT FROM dualwrite.failed)
), due AS (
    -- the array and OFFSET 0: looked up from what they are found by, in that order, whatever the statistics say. Where failed was
    -- analyzed when it was empty the planner sees one row in it, and would read all of it for each row of the other side.
    SELECT f.event_id, f.xid, f.captured_at, f.entity, f.operation, f.ref, f.actor, f.attempts, f.sqlstate
    FROM dualwrite.failed f, held
    WHERE f.event_id = ANY (ARRAY(
              SELECT r.event_id FROM dualwrite.failed r WHERE r.retry_at <= (SELECT m.at FROM moment m) -- once: an index can tell
              UNION ALL
              SELECT r.event_id FROM wanted w CROSS JOIN LATERAL (
                  SELECT r.event_id FROM dualwrite.failed r
                  WHERE r.entity = w.entity AND r.identity = w.identity
                    AND pg_catalog.hash_array_extended(r.identity, 0) = pg_catalog.hash_array_extended(w.identity, 0) OFFSET 0) r
              UNION ALL
              -- parked without one by a daemon of version 2 that was still at work: nothing would find it again
              SELECT r.event_id FROM pg_catalog.json_object_keys($4::pg_catalog.json) known(entity) JOIN dualwrite.failed r
              ON r.entity = known.entity AND pg_catalog.hash_array_extended(r.identity, 0) IS NULL))
      AND f.bucket * held.count / 1024 = ANY (held.partitions)
      AND ($2::pg_catalog.int8 IS NULL OR f.event_id <= $2)
      AND EXISTS (SELECT FROM dualwrite.failed) -- else none of the three is asked
    ORDER BY f.event_id LIMIT $1::pg_catalog.int4
), claimed AS (
    SELECT f.id, f.xid, f.captured_at, f.entity, f.operation, f.ref, f.actor, 0 AS attempts, NULL AS sqlstate FROM fresh f
    UNION ALL SELECT * FROM due
)
SELECT c.id, c.entity, c.operation, c.ref::pg_catalog.text AS ref, c.actor, c.attempts, c.sqlstate,
       (pg_catalog.date_part('epoch', m.at - coalesce(t.committed_at, c.captured_at)) * 1000)::pg_catalog.int8 AS age_ms,
       t.committed_at IS NOT NULL AS age_from_commit, CASE WHEN c.id IS NOT DISTINCT FROM (SELECT pg_catalog.min(l.id) FROM claimed l) THEN next.cursor END AS cursor,
       EXISTS (SELECT FROM cut) AS more
FROM (SELECT pg_catalog.clock_timestamp() AS at, pg_catalog.current_setting('track_commit_timestamp') = 'on' AS tracked OFFSET 0) m
LEFT JOIN next ON true LEFT JOIN claimed c ON true
LEFT JOIN LATERAL (
    SELECT CASE WHEN m.tracked THEN pg_catalog.pg_xact_commit_timestamp(c.xid::pg_catalog.xid) END AS committed_at) t ON true
ORDER BY c.id
