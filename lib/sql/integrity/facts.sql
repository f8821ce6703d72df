-- integrity/facts.sql: what the database knows of the last $1 hours beside the checks. What was synced is counted for a day only.
-- `counters` are the server's, of all transactions of this database; `before` those that the run before has kept.
SELECT pg_catalog.json_build_object(
    'completed', (SELECT coalesce(pg_catalog.sum(p.events), 0) FROM dualwrite.processed p WHERE p.since > span.start),
    'failed', (SELECT pg_catalog.count(*) FROM dualwrite.failed f WHERE f.last_failed_at > span.start),
    'violations', (SELECT pg_catalog.count(*) FROM dualwrite.failed f
                   WHERE f.sqlstate LIKE '23%'
                     AND f.last_failed_at > pg_catalog.clock_timestamp() - pg_catalog.make_interval(hours => $1::pg_catalog.int4)),
    'counters', (SELECT pg_catalog.json_build_object('commits', s.xact_commit, 'rollbacks', s.xact_rollback,
                                                     'since', coalesce(s.stats_reset::pg_catalog.text, 'never'))
                 FROM pg_catalog.pg_stat_database s WHERE s.datname = pg_catalog.current_database()),
    'before', (SELECT r.document -> 'counters' FROM dualwrite.monitor_run r ORDER BY r.id DESC LIMIT 1)) AS facts
FROM (SELECT pg_catalog.clock_timestamp() - pg_catalog.make_interval(hours => least($1::pg_catalog.int4, 24)) AS start) span
