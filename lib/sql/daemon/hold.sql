-- hold.sql: takes this daemon's partitions for the transaction. $1 instance, $2 barrier xid8 or NULL, $3 take the doorbell
-- down, $4 partitions that keep.sql has kept, or NULL. A statement of its own before claim.sql, so that the claim's snapshot is newer than the locks.
--
-- A partition that cannot be had is another batch's. Where that has lasted and the session is no live daemon's, its process
-- was stopped or cut off: then the session is ended. So is one of a daemon that lives, but has long had no answer on it, unless
-- the server is at work there. It would end by itself when it is idle for too long, but not while the server waits for a client
-- that takes nothing. (Nobody's sessions but those of roles that are ours to end.)
WITH mine AS MATERIALIZED (
    SELECT p FROM dualwrite.partitions_of($1::pg_catalog.uuid) p
    UNION SELECT p FROM unnest($4::pg_catalog.int4[]) p
), held AS MATERIALIZED (
    SELECT p FROM mine WHERE pg_catalog.pg_try_advisory_xact_lock(1685414252, p)
), stale AS MATERIALIZED (
    SELECT DISTINCT l.pid
    FROM pg_catalog.pg_locks l
    JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid
    JOIN pg_catalog.pg_roles r ON r.oid = a.usesysid
    WHERE (SELECT pg_catalog.count(*) FROM held) < (SELECT pg_catalog.count(*) FROM mine)
      AND l.locktype = 'advisory' AND l.classid = 1685414252 AND l.objsubid = 2 AND l.granted
      AND l.database = (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database())
      AND l.objid::pg_catalog.int8 IN (SELECT p FROM mine) AND l.pid <> pg_catalog.pg_backend_pid()
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
), ended AS MATERIALIZED (
    -- never a condition among those above: the planner would call it for every lock of the server, before them
    SELECT pg_catalog.count(*) AS sessions
    FROM (SELECT pg_catalog.pg_terminate_backend(s.pid) AS done FROM stale s OFFSET 0) t WHERE t.done
), doorbell AS MATERIALIZED (
    SELECT pg_catalog.count(pg_catalog.setval(('dualwrite.doorbell_' || p)::pg_catalog.regclass, 0)) AS taken_down
    FROM held
    WHERE $3::pg_catalog.bool AND pg_catalog.pg_sequence_last_value(('dualwrite.doorbell_' || p)::pg_catalog.regclass) > 0
)
SELECT (SELECT pg_catalog.count(*) FROM mine) AS mine,
       (SELECT pg_catalog.count(*) FROM held) AS held,
       (SELECT sessions FROM ended) AS ended,
       coalesce(pg_catalog.pg_snapshot_xmin(pg_catalog.pg_current_snapshot()) > $2::pg_catalog.text::pg_catalog.xid8,
                false) AS passed,
       (SELECT taken_down FROM doorbell) AS taken_down,
       pg_catalog.set_config('dualwrite.held',
                             coalesce((SELECT pg_catalog.array_agg(p ORDER BY p)::pg_catalog.text FROM held), '{}'), true)
           AS partitions
