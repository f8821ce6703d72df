-- wake_parked.sql: failed events are due because what they wait for has been synced. Parked ones, whose parent it is: $1
-- entities, $2 keys of their parents. And those that want a value which a legacy row has that may have given it up: $3
-- entities, $4 keys of the legacy rows. One that another daemon works on at this moment is left to it.
UPDATE dualwrite.failed f SET retry_at = pg_catalog.clock_timestamp()
WHERE f.event_id IN (
    SELECT w.event_id FROM dualwrite.failed w
    WHERE w.event_id IN (
              SELECT p.event_id
              FROM unnest($1::pg_catalog.text[], $2::pg_catalog.text[]) u(entity, parent)
              JOIN dualwrite.failed p ON p.entity = u.entity AND p.parent = u.parent AND p.retry_at IS NULL
                   AND p.sqlstate IS DISTINCT FROM 'DW005' -- only a person lets those through
                   AND pg_catalog.hashtextextended(p.parent, 0) = pg_catalog.hashtextextended(u.parent, 0)
              WHERE EXISTS (SELECT FROM dualwrite.failed)
              UNION ALL
              SELECT h.event_id
              FROM unnest($3::pg_catalog.text[], $4::pg_catalog.text[]) u(entity, key)
              JOIN dualwrite.failed h ON h.entity = u.entity AND h.holder = u.key::pg_catalog.text[]
                   AND pg_catalog.hash_array_extended(h.holder, 0)
                       = pg_catalog.hash_array_extended(u.key::pg_catalog.text[], 0)
                   AND h.last_failed_at < pg_catalog.now() -- in this batch it failed although the other was synced
              WHERE EXISTS (SELECT FROM dualwrite.failed))
    FOR UPDATE OF w SKIP LOCKED)
RETURNING f.event_id
