-- stale.sql: after a claim that could not have all partitions of $1, an instance: whose batch has them? Where that has lasted and
-- the session is no live daemon's, its process was stopped or cut off: then the session is ended. So is one of a daemon that
-- lives, but has long had no answer on it, unless the server is at work there. It would end by itself when it is idle for too
-- long, but not while the server waits for a client that takes nothing. (Nobody's sessions but those of roles that are ours to end.)
WITH stale AS MATERIALIZED (
    SELECT DISTINCT l.pid
    FROM pg_catalog.pg_locks l
    JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid
    JOIN pg_catalog.pg_roles r ON r.oid = a.usesysid
    WHERE l.locktype = 'advisory' AND l.classid = 1685414252 AND l.objsubid = 2 AND l.granted
      AND l.database = (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database())
      AND l.objid::pg_catalog.int8 IN (SELECT p FROM dualwrite.partitions_of($1::pg_catalog.uuid) p)
      AND l.pid <> pg_catalog.pg_backend_pid()
      AND a.application_name LIKE 'dualwrited/%'
      AND a.xact_start < pg_catalog.clock_timestamp() - interval '10 seconds'
      AND NOT EXISTS (
          SELECT FROM dualwrite.daemon d
          WHERE d.claim_pid = l.pid AND d.instance IN (SELECT v.instance FROM dualwrite.live_daemon v)
            AND (d.state <> 'stalled' OR (a.state = 'active' AND a.wait_event_type IS DISTINCT FROM 'Client')))
      -- behind a pooler a daemon is told of a session that the server does not know: then nobody can tell whose this one is
      AND NOT EXISTS (
          SELECT FROM dualwrite.daemon d
          WHERE d.instance IN (SELECT v.instance FROM dualwrite.live_daemon v) AND d.claim_pid IS NOT NULL
            AND NOT EXISTS (SELECT FROM pg_catalog.pg_stat_activity b WHERE b.pid = d.claim_pid))
      AND pg_catalog.pg_has_role(r.oid, 'USAGE')
      AND (NOT r.rolsuper OR pg_catalog.current_setting('is_superuser') = 'on')
)
-- never a condition among those above: the planner would call it for every lock of the server, before them
SELECT pg_catalog.count(*) AS ended
FROM (SELECT pg_catalog.pg_terminate_backend(s.pid) AS done FROM stale s OFFSET 0) t WHERE t.done
