-- failed/discard.sql: gives up the failed events $1, but those that somebody has locked: a daemon is at them.
DELETE FROM dualwrite.failed f
USING (SELECT x.event_id FROM dualwrite.failed x WHERE x.event_id = ANY ($1::pg_catalog.int8[]) FOR UPDATE SKIP LOCKED) c
WHERE f.event_id = c.event_id
