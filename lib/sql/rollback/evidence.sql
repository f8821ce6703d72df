-- rollback/evidence.sql: the numbers that a rollback is decided and checked by, as one JSON document. $1 a time: what has failed
-- since then; NULL: now. None of them reads more than it must: the queue is looked at from its old end only.
WITH clock AS MATERIALIZED (
    SELECT pg_catalog.clock_timestamp() AS now
), ours AS MATERIALIZED (
    SELECT a.pid FROM pg_catalog.pg_stat_activity a
    WHERE a.datname = pg_catalog.current_database() AND a.application_name LIKE 'dualwrited/%'
), blocked AS MATERIALIZED (
    -- only sessions that wait for a lock are asked whom they wait for: the question stops the lock manager for a moment
    SELECT a.pid, extract(epoch FROM c.now - a.query_start) AS seconds
    FROM clock c, pg_catalog.pg_stat_activity a
    WHERE a.datname = pg_catalog.current_database() AND a.wait_event_type = 'Lock' AND a.pid NOT IN (SELECT pid FROM ours)
      AND pg_catalog.pg_blocking_pids(a.pid) && ARRAY(SELECT pid FROM ours)
)
SELECT pg_catalog.json_build_object(
    'failed', (SELECT pg_catalog.count(*) FROM dualwrite.failed),
    'failed_parked', (SELECT pg_catalog.count(*) FROM dualwrite.failed f WHERE f.retry_at IS NULL),
    'failed_since', (SELECT pg_catalog.count(*) FROM dualwrite.failed f
                     WHERE f.last_failed_at > coalesce($1::pg_catalog.timestamptz, c.now)),
    'failed_commonest', (SELECT f.exception_type FROM dualwrite.failed f
                         GROUP BY 1 ORDER BY pg_catalog.count(*) DESC, 1 LIMIT 1),
    'oldest_event_age_seconds', (SELECT pg_catalog.round(greatest(extract(epoch FROM c.now - o.captured_at), 0)
                                                         ::pg_catalog.numeric, 3)
                                 FROM dualwrite.outbox o ORDER BY o.id LIMIT 1),
    'backlog_estimate', (SELECT greatest(pg_catalog.pg_stat_get_live_tuples(k.oid), k.reltuples, 0)
                         FROM pg_catalog.pg_class k WHERE k.oid = 'dualwrite.outbox'::pg_catalog.regclass),
    'outbox_room', (SELECT l.last_value FROM dualwrite.outbox_ceiling l) - (SELECT s.last_value FROM dualwrite.outbox_id_seq s),
    'triggers', (SELECT pg_catalog.count(*) FROM pg_catalog.pg_trigger g JOIN pg_catalog.pg_proc p ON p.oid = g.tgfoid
                 JOIN pg_catalog.pg_class k ON k.oid = g.tgrelid
                 WHERE NOT g.tgisinternal AND g.tgenabled IN ('O', 'A') AND g.tgname LIKE 'zz_dualwrite_%'
                   AND g.tgname NOT LIKE 'zz_dualwrite_record_%'
                   AND p.pronamespace = 'dualwrite'::pg_catalog.regnamespace AND k.relnamespace <> p.pronamespace),
    'blocked_sessions', (SELECT pg_catalog.count(*) FROM blocked),
    'blocked_seconds', (SELECT coalesce(pg_catalog.round(pg_catalog.max(b.seconds)::pg_catalog.numeric, 1), 0) FROM blocked b),
    'differences', (SELECT pg_catalog.count(*) FROM dualwrite.reconcile_finding f WHERE f.state IN ('confirmed', 'unfixed')),
    'reconciled_at', (SELECT pg_catalog.to_char(pg_catalog.max(r.moved_at) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
                      FROM dualwrite.reconcile r),
    'legacy_writes_24h', (SELECT pg_catalog.count(*) FROM dualwrite.legacy_write w
                          WHERE w.at > c.now - interval '24 hours'),
    'legacy_write_why', (SELECT w.why FROM dualwrite.legacy_write w WHERE w.at > c.now - interval '24 hours'
                         ORDER BY w.at DESC LIMIT 1)) AS answer
FROM clock c
