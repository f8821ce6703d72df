-- wake_children.sql: parked events are due because their parent has been synced: $1 entities, $2 keys of their parents. One that
-- another daemon works on at this moment is left to it: it has more than the parent's change as its reason.
UPDATE dualwrite.failed f SET retry_at = pg_catalog.clock_timestamp()
WHERE f.event_id IN (
    SELECT w.event_id
    FROM unnest($1::pg_catalog.text[], $2::pg_catalog.text[]) u(entity, parent)
    JOIN dualwrite.failed w ON w.entity = u.entity AND w.parent = u.parent AND w.retry_at IS NULL
         AND w.sqlstate IS DISTINCT FROM 'DW005' -- only a person lets those through
         AND pg_catalog.hashtextextended(w.parent, 0) = pg_catalog.hashtextextended(u.parent, 0)
    WHERE EXISTS (SELECT FROM dualwrite.failed)
    FOR UPDATE OF w SKIP LOCKED)
RETURNING f.event_id
