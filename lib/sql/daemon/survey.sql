-- survey.sql: the database as /status and /metrics show it, as one JSON document. It reads a bounded number of rows of each
-- table, however many there are: beyond 10 000 a count is an estimate. Rows that are deleted and that somebody's old snapshot
-- still keeps are read through all the same. So where it took too long $1 is false: then it looks into the queue behind the
-- cursor $2 of claim.sql only (NULL: not at all), and the age is that of the oldest event of this daemon's partitions.
-- Uses only what version 3 of the schema has.
WITH clock AS MATERIALIZED (
    SELECT pg_catalog.clock_timestamp() AS now
), live AS MATERIALIZED (
    SELECT * FROM dualwrite.live_daemon
), effective AS MATERIALIZED (
    SELECT * FROM dualwrite.effective_flag
), share AS MATERIALIZED ( -- as dualwrite.partitions_of() says, but of all at once: asked for each of a hundred it takes too long
    SELECT l.instance, pg_catalog.array_agg(p ORDER BY p) AS partitions
    FROM (SELECT w.instance, pg_catalog.row_number() OVER (ORDER BY w.started_at, w.instance) - 1 AS rank,
                 pg_catalog.count(*) OVER () AS daemons
          FROM live w WHERE w.mapping_digest = (SELECT dualwrite.setting('mapping_digest')) AND w.state <> 'stalled') l
    JOIN pg_catalog.generate_series(0, dualwrite.setting('partitions')::pg_catalog.int4 - 1) p ON p % l.daemons = l.rank
    WHERE (SELECT e.value = 'true' FROM effective e WHERE e.flag = 'TEAM_VNEXT_DUAL_WRITE_ENABLED')
    GROUP BY l.instance
), daemon AS MATERIALIZED (
    SELECT d.*, coalesce(s.partitions, '{}') AS partitions
    FROM (SELECT * FROM live l ORDER BY l.started_at, l.instance LIMIT 100) d LEFT JOIN share s USING (instance)
), waiting AS MATERIALIZED (
    SELECT CASE WHEN $1::pg_catalog.bool
                THEN (SELECT pg_catalog.count(*) FROM (SELECT FROM dualwrite.outbox LIMIT 10001) o) END AS events
), first AS MATERIALIZED (
    SELECT o.id, o.captured_at FROM dualwrite.outbox o WHERE $1::pg_catalog.bool ORDER BY o.id LIMIT 1
), failed AS MATERIALIZED (
    SELECT f.operation, f.exception_type, f.constraint_name, f.retry_at IS NULL AS parked, f.first_failed_at, f.last_failed_at
    FROM dualwrite.failed f LIMIT 10001
), failed_count AS MATERIALIZED (
    SELECT n.*, CASE WHEN n.parked + n.retrying <= 10000 THEN 0 ELSE greatest(0, (
               SELECT greatest(pg_catalog.pg_stat_get_live_tuples(k.oid), k.reltuples::pg_catalog.int8)
               FROM pg_catalog.pg_class k WHERE k.oid = 'dualwrite.failed'::pg_catalog.regclass) - n.parked - n.retrying) END AS more
    FROM (SELECT pg_catalog.count(*) FILTER (WHERE f.parked) AS parked,
                 pg_catalog.count(*) FILTER (WHERE NOT f.parked) AS retrying FROM failed f) n
), cause AS MATERIALIZED (
    SELECT f.operation, f.exception_type, f.constraint_name, pg_catalog.count(*) AS events,
           pg_catalog.count(*) FILTER (WHERE f.parked) AS parked, pg_catalog.count(*) FILTER (WHERE NOT f.parked) AS retrying,
           pg_catalog.min(f.first_failed_at) AS first_at, pg_catalog.max(f.last_failed_at) AS last_at
    FROM failed f GROUP BY 1, 2, 3 ORDER BY 4 DESC, 1, 2, 3 LIMIT 20
)
SELECT pg_catalog.json_build_object(
    'flags', (SELECT pg_catalog.json_object_agg(e.flag, pg_catalog.json_build_object(
                  'value', e.value, 'source', e.source, 'disagreement', e.disagreement) ORDER BY e.flag)
              FROM effective e),
    'health_readable', dualwrite.setting('schema_version')::pg_catalog.int4 >= 5 AND coalesce(
        pg_catalog.has_table_privilege(pg_catalog.to_regclass('dualwrite.monitor_run'), 'SELECT'), false),
    'database', pg_catalog.json_build_object(
        'at', pg_catalog.to_char(c.now AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
        -- beyond that what the statistics say, and no more than there are ids
        'backlog', CASE WHEN w.events <= 10000 THEN w.events ELSE greatest(w.events, least((
                       SELECT greatest(pg_catalog.pg_stat_get_live_tuples(k.oid), k.reltuples::pg_catalog.int8)
                       FROM pg_catalog.pg_class k WHERE k.oid = 'dualwrite.outbox'::pg_catalog.regclass),
                       (SELECT s.last_value FROM dualwrite.outbox_id_seq s) - (SELECT f.id FROM first f) + 1)) END,
        'backlog_exact', coalesce(w.events <= 10000, false),
        'oldest_event_age_seconds', CASE WHEN $1::pg_catalog.bool THEN coalesce((
            SELECT pg_catalog.round(greatest(extract(epoch FROM c.now - f.captured_at), 0)::pg_catalog.numeric, 3)
            FROM first f), 0)
        WHEN $2::pg_catalog.json IS NOT NULL THEN coalesce((
            SELECT pg_catalog.round(greatest(extract(epoch FROM c.now - o.captured_at), 0)::pg_catalog.numeric, 3)
            FROM dualwrite.outbox o
            WHERE (o.xid, o.id) > (($2::pg_catalog.json ->> 'low')::pg_catalog.xid8,
                                   ($2::pg_catalog.json ->> 'after')::pg_catalog.int8)
            ORDER BY o.xid, o.id LIMIT 1), 0) END,
        'failed_events', (SELECT pg_catalog.json_build_object('parked', n.parked + n.more, 'retrying', n.retrying)
                          FROM failed_count n),
        'failures', (SELECT coalesce(pg_catalog.json_agg(pg_catalog.json_build_object(
                         'operation', t.operation, 'exception_type', t.exception_type, 'constraint', t.constraint_name,
                         'parked', t.parked, 'retrying', t.retrying,
                         'first_at', pg_catalog.to_char(t.first_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
                         'last_at', pg_catalog.to_char(t.last_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'))
                         ORDER BY t.events DESC, t.operation, t.exception_type, t.constraint_name), '[]') FROM cause t),
        'partitions', (SELECT coalesce(pg_catalog.json_agg(pg_catalog.json_build_object(
                           'partition', p, 'instance', (SELECT s.instance FROM share s WHERE p = ANY (s.partitions) LIMIT 1))
                           ORDER BY p), '[]')
                       FROM pg_catalog.generate_series(0, dualwrite.setting('partitions')::pg_catalog.int4 - 1) p),
        'daemons', (SELECT coalesce(pg_catalog.json_agg(pg_catalog.json_build_object(
                        'instance', d.instance, 'host', d.host, 'pid', d.pid, 'version', d.version, 'state', d.state,
                        'listening', d.listening, 'last_beat_age_seconds',
                        pg_catalog.round(greatest(extract(epoch FROM c.now - d.beat_at), 0)::pg_catalog.numeric, 3),
                        'started_at', pg_catalog.to_char(d.started_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
                        'partitions', d.partitions) ORDER BY d.started_at, d.instance), '[]') FROM daemon d),
        'resyncs', (SELECT coalesce(pg_catalog.json_agg(r.entity ORDER BY r.entity), '[]') FROM dualwrite.resync r
                    WHERE coalesce(pg_catalog.pg_sequence_last_value(
                              ('dualwrite.resync_' || r.entity)::pg_catalog.regclass), 0) > r.handled),
        'notification_queue_ratio', pg_catalog.pg_notification_queue_usage(),
        -- in a legacy database of its own they are recorded there, and the mirror's connection asks for them
        'inline_legacy_writes_24h', CASE WHEN coalesce(dualwrite.setting('side'), 'both') = 'both' THEN (
            SELECT pg_catalog.count(*)
            FROM (SELECT FROM dualwrite.legacy_write l WHERE l.at > c.now - interval '24 hours'
                  ORDER BY l.at DESC LIMIT 10000) l) END) -- by the index: nobody clears the years before
) AS answer
FROM clock c, waiting w
