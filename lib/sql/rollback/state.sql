-- rollback/state.sql: what is in force here, which daemons obey it, and which batches are under way, as one JSON document.
-- $1 a time: whether a daemon has asked since then what is in force; NULL: now.
--
-- A session that holds a partition is in the middle of a batch, unless it is idle: between two tries of one (daemon/keep.sql).
-- Where its state may not be seen, a daemon's word that it obeys is believed.
WITH clock AS MATERIALIZED (
    SELECT pg_catalog.clock_timestamp() AS now
), daemon AS MATERIALIZED (
    SELECT d.*, EXISTS (SELECT FROM dualwrite.live_daemon l WHERE l.instance = d.instance) AS live,
           greatest(extract(epoch FROM c.now - d.beat_at), 0) AS quiet
    FROM dualwrite.daemon d, clock c
), batch AS MATERIALIZED (
    SELECT DISTINCT k.pid, d.instance, d.host, d.pid AS daemon_pid,
           pg_catalog.round(greatest(extract(epoch FROM c.now - a.xact_start), 0)::pg_catalog.numeric, 1) AS seconds
    FROM clock c, pg_catalog.pg_locks k
    LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = k.pid
    LEFT JOIN LATERAL (SELECT * FROM daemon x WHERE x.claim_pid = k.pid ORDER BY x.live DESC, x.beat_at DESC LIMIT 1) d ON true
    WHERE k.locktype = 'advisory' AND k.classid = 1685414252 AND k.objsubid = 2 AND k.granted
      AND k.database = (SELECT b.oid FROM pg_catalog.pg_database b WHERE b.datname = pg_catalog.current_database())
      AND a.state IS DISTINCT FROM 'idle'
      AND NOT (a.state IS NULL AND d.live AND coalesce(d.in_force ->> 'TEAM_VNEXT_DUAL_WRITE_ENABLED', '') = 'false')
)
SELECT pg_catalog.json_build_object(
    'now', c.now,
    'flags', (SELECT pg_catalog.json_object_agg(e.flag, pg_catalog.json_build_object(
                  'value', e.value, 'source', e.source, 'disagreement', e.disagreement, 'who', e.override_who,
                  'why', e.override_why,
                  'at', pg_catalog.to_char(e.override_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')) ORDER BY e.flag)
              FROM dualwrite.effective_flag e),
    'daemons', (SELECT coalesce(pg_catalog.json_agg(pg_catalog.json_build_object(
                    'instance', d.instance, 'host', d.host, 'pid', d.pid, 'version', d.version, 'state', d.state,
                    'live', d.live, 'last_beat_age_seconds', pg_catalog.round(d.quiet::pg_catalog.numeric, 3),
                    'asked_since', d.beat_at > coalesce($1::pg_catalog.timestamptz, c.now), 'in_force', d.in_force,
                    'reload_wanted', d.reload_wanted, 'reload_done', d.reload_done, 'reload_answer', d.reload_answer)
                    ORDER BY d.host, d.pid, d.instance), '[]')
                FROM daemon d WHERE d.live OR d.quiet < 3600),
    'batches', (SELECT coalesce(pg_catalog.json_agg(b.* ORDER BY b.pid), '[]') FROM batch b),
    'guard', dualwrite.setting('guard'), 'installation', dualwrite.setting('installation'),
    'read_only', pg_catalog.pg_is_in_recovery(),
    'login', session_user, 'database', pg_catalog.current_database()) AS answer
FROM clock c
