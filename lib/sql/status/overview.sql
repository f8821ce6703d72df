-- status/overview.sql: what can be told without counting events, as one JSON document: flags, daemons, which partitions are
-- dealt to whom and held by whom, resync marks, the room that is left in the outbox.
WITH clock AS MATERIALIZED (
    SELECT pg_catalog.clock_timestamp() AS now
), daemon AS MATERIALIZED (
    SELECT d.*, EXISTS (SELECT FROM dualwrite.live_daemon l WHERE l.instance = d.instance) AS live,
           d.mapping_digest IS NOT DISTINCT FROM dualwrite.setting('mapping_digest') AS installed,
           extract(epoch FROM c.now - d.beat_at) AS quiet
    FROM dualwrite.daemon d, clock c
), dealt AS MATERIALIZED (
    SELECT p, d.instance FROM daemon d CROSS JOIN LATERAL dualwrite.partitions_of(d.instance) p WHERE d.live
), held AS MATERIALIZED (
    SELECT k.objid::pg_catalog.int4 AS p, k.pid, a.application_name, d.instance, coalesce(d.live, false) AS live
    FROM pg_catalog.pg_locks k
    LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = k.pid
    LEFT JOIN LATERAL (SELECT * FROM daemon x WHERE x.claim_pid = k.pid ORDER BY x.live DESC, x.beat_at DESC LIMIT 1) d ON true
    WHERE k.locktype = 'advisory' AND k.classid = 1685414252 AND k.objsubid = 2 AND k.granted
      AND k.database = (SELECT b.oid FROM pg_catalog.pg_database b WHERE b.datname = pg_catalog.current_database())
)
SELECT pg_catalog.json_build_object(
    'at', pg_catalog.to_char(c.now AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
    'flags', (SELECT pg_catalog.json_object_agg(e.flag, pg_catalog.json_build_object(
                  'value', e.value, 'source', e.source, 'disagreement', e.disagreement, 'override_who', e.override_who,
                  'override_why', e.override_why) ORDER BY e.flag)
              FROM dualwrite.effective_flag e),
    'partition_count', dualwrite.setting('partitions')::pg_catalog.int4,
    'partitions', (SELECT coalesce(pg_catalog.json_agg(pg_catalog.json_build_object(
                       'partition', g.p, 'instance', t.instance,
                       'holder', CASE WHEN h.pid IS NOT NULL THEN pg_catalog.json_build_object(
                           'backend_pid', h.pid, 'application_name', h.application_name, 'instance', h.instance,
                           'live', CASE WHEN h.live THEN true
                                        -- a daemon of before version 3 does not say which backend it claims with
                                        WHEN h.instance IS NULL AND EXISTS (SELECT FROM daemon d WHERE d.live AND d.claim_pid IS NULL)
                                        THEN NULL ELSE false END) END)
                       ORDER BY g.p), '[]')
                   FROM pg_catalog.generate_series(0, dualwrite.setting('partitions')::pg_catalog.int4 - 1) g(p)
                   LEFT JOIN dealt t ON t.p = g.p
                   LEFT JOIN held h ON h.p = g.p),
    'daemons', (SELECT coalesce(pg_catalog.json_agg(pg_catalog.json_build_object(
                    'instance', d.instance, 'instance_short', pg_catalog.left(d.instance::pg_catalog.text, 8),
                    'host', d.host, 'pid', d.pid, 'version', d.version, 'state', d.state, 'listening', d.listening,
                    'mapping_installed', d.installed, 'last_beat_age_seconds', pg_catalog.round(greatest(d.quiet, 0)::pg_catalog.numeric, 3),
                    'started_at', pg_catalog.to_char(d.started_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
                    'uptime_seconds', pg_catalog.round(extract(epoch FROM c.now - d.started_at)::pg_catalog.numeric, 0),
                    'partitions', (SELECT coalesce(pg_catalog.json_agg(t.p ORDER BY t.p), '[]') FROM dealt t
                                   WHERE t.instance = d.instance))
                    ORDER BY d.started_at, d.instance), '[]')
                FROM daemon d WHERE d.live),
    'silent_daemons', (SELECT coalesce(pg_catalog.json_agg(pg_catalog.json_build_object(
                    'instance', d.instance, 'instance_short', pg_catalog.left(d.instance::pg_catalog.text, 8),
                    'host', d.host, 'pid', d.pid, 'version', d.version, 'state', d.state,
                    'last_beat_age_seconds', pg_catalog.round(d.quiet::pg_catalog.numeric, 3))
                    ORDER BY d.quiet, d.instance), '[]')
                FROM daemon d WHERE NOT d.live AND d.quiet < 3600),
    'resyncs', (SELECT coalesce(pg_catalog.json_agg(pg_catalog.json_build_object(
                    'entity', r.entity, 'begun', r.seen > r.handled, 'queued_events', r.queued) ORDER BY r.entity), '[]')
                FROM dualwrite.resync r
                WHERE coalesce(pg_catalog.pg_sequence_last_value(('dualwrite.resync_' || r.entity)::pg_catalog.regclass), 0)
                      > r.handled),
    'outbox_room', (SELECT l.last_value FROM dualwrite.outbox_ceiling l) - (SELECT s.last_value FROM dualwrite.outbox_id_seq s),
    'outbox_estimate', (SELECT greatest(pg_catalog.pg_stat_get_live_tuples(k.oid), k.reltuples, 0)
                        FROM pg_catalog.pg_class k WHERE k.oid = 'dualwrite.outbox'::pg_catalog.regclass)
) AS answer
FROM clock c
