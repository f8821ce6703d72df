-- integrity/facts.sql: what the database knows of the last $1 hours beside the checks. What was synced is counted for a day only.
-- `counters` are the server's, of all transactions of this database and of the operations of packs' functions.sql (what only reads
-- and what triggers call is none), which it has where it tracks functions; `before` those that the run before has kept.
SELECT pg_catalog.json_build_object(
    'completed', (SELECT coalesce(pg_catalog.sum(p.events), 0) FROM dualwrite.processed p WHERE p.since > span.start),
    'failed', (SELECT pg_catalog.count(*) FROM dualwrite.failed f WHERE f.last_failed_at > span.start),
    'violations', (SELECT pg_catalog.count(*) FROM dualwrite.failed f
                   WHERE f.sqlstate LIKE '23%'
                     AND f.last_failed_at > pg_catalog.clock_timestamp() - pg_catalog.make_interval(hours => $1::pg_catalog.int4)),
    'counters', (SELECT pg_catalog.json_build_object('commits', s.xact_commit, 'rollbacks', s.xact_rollback,
                                                     'calls', calls.count, 'calls_ms', calls.ms, 'tracked', calls.tracked,
                                                     'since', coalesce(s.stats_reset::pg_catalog.text, 'never'))
                 FROM pg_catalog.pg_stat_database s,
                      (SELECT coalesce(pg_catalog.sum(u.calls), 0) AS count, coalesce(pg_catalog.sum(u.total_time), 0) AS ms,
                              coalesce(pg_catalog.sum(u.calls), 0) > 0 AS tracked
                       FROM pg_catalog.pg_stat_user_functions u JOIN pg_catalog.pg_proc p ON p.oid = u.funcid
                       WHERE p.provolatile = 'v' AND p.prorettype <> 'pg_catalog.trigger'::pg_catalog.regtype
                         AND pg_catalog.obj_description(p.oid, 'pg_proc') LIKE 'dualwrited: pack %') calls
                 WHERE s.datname = pg_catalog.current_database()),
    'before', (SELECT r.document -> 'counters' FROM dualwrite.monitor_run r ORDER BY r.id DESC LIMIT 1)) AS facts
FROM (SELECT pg_catalog.clock_timestamp() - pg_catalog.make_interval(hours => least($1::pg_catalog.int4, 24)) AS start) span
