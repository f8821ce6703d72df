-- beat.sql: what a daemon must know every few seconds. $1 instance, $2 whether it sleeps, $3 for how many more milliseconds
-- its doorbells shall stand. They are renewed only while they still stand: a lapsed one means that a writer may have passed.
-- $4 the cursor of claim.sql: whether something waits behind it, in case that a bell was lost, and to know what makes no progress.
WITH mine AS MATERIALIZED (
    SELECT p, ('dualwrite.doorbell_' || p)::pg_catalog.regclass AS doorbell
    FROM dualwrite.partitions_of($1::pg_catalog.uuid) p
), clock AS MATERIALIZED (
    SELECT (extract(epoch FROM pg_catalog.clock_timestamp()) * 1000)::pg_catalog.int8 AS ms
), armed AS MATERIALIZED (
    SELECT coalesce(pg_catalog.bool_and(pg_catalog.pg_sequence_last_value(m.doorbell) > c.ms + 1000), false) AS still
    FROM mine m, clock c WHERE $2::pg_catalog.bool
), renewed AS MATERIALIZED (
    SELECT pg_catalog.count(pg_catalog.setval(m.doorbell, c.ms + $3::pg_catalog.int8)) AS doorbells
    FROM mine m, clock c, armed a WHERE $2::pg_catalog.bool AND a.still
), kept AS MATERIALIZED (
    SELECT ARRAY(SELECT m.p FROM mine m ORDER BY m.p) AS partitions, dualwrite.setting('partitions')::pg_catalog.int4 AS count,
           pg_catalog.pg_relation_filenode('dualwrite.outbox'::pg_catalog.regclass) AS queue
), seen AS MATERIALIZED (
    -- `more`: nothing among those that were looked at, but there may be behind them
    SELECT coalesce(pg_catalog.bool_or(e.entity IS NOT NULL), false) AS waiting,
           coalesce(pg_catalog.bool_or(e.entity IS NULL), false) AS more,
           (extract(epoch FROM pg_catalog.clock_timestamp() - pg_catalog.min(e.captured_at)) * 1000)::pg_catalog.int8 AS oldest_ms
    FROM kept k
    LEFT JOIN pg_catalog.json_to_record($4::pg_catalog.json)
              AS c(held pg_catalog.int4[], count pg_catalog.int4, queue pg_catalog.oid, low pg_catalog.xid8,
                   after pg_catalog.int8, open pg_catalog.xid8[])
         ON c.held = k.partitions AND c.count = k.count AND c.queue = k.queue,
         LATERAL dualwrite.waiting_events(k.partitions, k.count, coalesce(c.low, '0'), coalesce(c.after, 0),
                                          coalesce(c.open, '{}'), NULL, 1) e
), flag AS MATERIALIZED (
    SELECT pg_catalog.json_object_agg(e.flag, e.value) AS flags,
           pg_catalog.string_agg(e.flag, ', ' ORDER BY e.flag) FILTER (WHERE e.disagreement) AS disagreement,
           pg_catalog.string_agg(e.flag || '=' || e.override, ', ' ORDER BY e.flag) AS overrides
    FROM dualwrite.effective_flag e
)
SELECT flag.flags, flag.disagreement, flag.overrides,
       dualwrite.setting('mapping_digest') AS mapping_digest, dualwrite.setting('installation') AS installation,
       (SELECT pg_catalog.string_agg(m.p::pg_catalog.text, ',' ORDER BY m.p) FROM mine m) AS partitions,
       (SELECT still FROM armed) AS armed,
       (SELECT doorbells FROM renewed) AS renewed,
       (SELECT waiting FROM seen) AS waiting, (SELECT more FROM seen) AS more,
       (SELECT greatest(oldest_ms, 0) FROM seen WHERE oldest_ms IS NOT NULL) AS oldest_ms,
       (SELECT pg_catalog.count(*) FROM dualwrite.failed) AS failed,
       (SELECT pg_catalog.count(*) FROM dualwrite.failed f WHERE f.retry_at IS NOT NULL) AS retrying,
       (SELECT greatest((extract(epoch FROM pg_catalog.min(f.retry_at) - pg_catalog.clock_timestamp()) * 1000)::pg_catalog.int8, 0)
        FROM dualwrite.failed f
        WHERE f.retry_at IS NOT NULL
          AND f.bucket * dualwrite.setting('partitions')::pg_catalog.int4 / 1024 = ANY (SELECT p FROM mine)
        HAVING pg_catalog.count(*) > 0) -- else NULL, which greatest() would make a 0: a bell with each beat
           AS next_retry_ms,
       (SELECT (extract(epoch FROM interval '10 seconds' - (pg_catalog.clock_timestamp() - pg_catalog.min(d.beat_at)))
                * 1000)::pg_catalog.int8
        FROM dualwrite.live_daemon d WHERE d.instance <> $1::pg_catalog.uuid) AS peer_expires_ms,
       EXISTS (SELECT FROM dualwrite.resync r
               WHERE coalesce(pg_catalog.pg_sequence_last_value(('dualwrite.resync_' || r.entity)::pg_catalog.regclass), 0)
                     > r.handled) AS resync,
       pg_catalog.current_setting('max_prepared_transactions') = '0' AS bells,
       (SELECT d.reload_wanted FROM dualwrite.daemon d WHERE d.instance = $1::pg_catalog.uuid) AS reload_wanted,
       pg_catalog.pg_backend_pid() AS backend,
       pg_catalog.floor(100 * pg_catalog.pg_notification_queue_usage())::pg_catalog.int4 AS queue_percent,
       -- who may hold it back: a session that listens and sits in a transaction; which ones listen, only they know
       CASE WHEN pg_catalog.pg_notification_queue_usage() > 0.5 THEN (
           SELECT pg_catalog.string_agg(pg_catalog.format('pid %s (%s, database %s)', h.pid, h.application_name, h.datname),
                                        ', ' ORDER BY h.xact_start)
           FROM (SELECT a.* FROM pg_catalog.pg_stat_activity a WHERE a.xact_start < pg_catalog.now()
                 ORDER BY a.xact_start LIMIT 3) h) END AS queue_holders,
       (SELECT pg_catalog.string_agg(l.channel, ',') FROM pg_catalog.pg_listening_channels() AS l(channel)) AS channels
FROM flag
