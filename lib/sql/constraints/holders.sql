-- constraints/holders.sql: who holds locks on table $1.$2, the longest transaction first.
SELECT pg_catalog.format('process %s (%s%s), in a transaction for %s s', a.pid,
                         coalesce(nullif(a.application_name, ''), a.backend_type), ', ' || a.usename,
                         greatest(0, pg_catalog.round(EXTRACT(epoch FROM pg_catalog.now() - a.xact_start)))) AS holder
FROM pg_catalog.pg_locks l
JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid
WHERE l.locktype = 'relation' AND l.granted AND a.pid <> pg_catalog.pg_backend_pid()
  AND l.database = (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database())
  AND l.relation = pg_catalog.to_regclass(pg_catalog.format('%I.%I', $1::pg_catalog.text, $2::pg_catalog.text))
ORDER BY a.xact_start NULLS LAST, a.pid LIMIT 1
