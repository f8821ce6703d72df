-- reload/ask.sql: asks running daemons to read their settings again: those of host $1, with NULL every one. Gives the number of
-- each request; the daemon answers with it. One of version 3 knows of no request: nothing is asked of it.
-- The number is the time in ms, so that it is a new one too where the daemon's row was lost meanwhile, or came from a backup.
UPDATE dualwrite.daemon d
SET reload_wanted = CASE WHEN d.in_force IS NOT NULL THEN
        greatest(coalesce(d.reload_wanted, 0) + 1, (extract(epoch FROM pg_catalog.clock_timestamp()) * 1000)::pg_catalog.int8) END
WHERE d.instance IN (SELECT l.instance FROM dualwrite.live_daemon l) AND ($1::pg_catalog.text IS NULL OR d.host = $1)
RETURNING d.instance, d.host, d.pid, d.version, d.reload_wanted AS number
