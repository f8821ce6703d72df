-- wake_parked.sql: failed events are due because what they wait for has been synced. Parked ones, whose parent it is: $1
-- entities, $2 keys of their parents. And those that want a value which a legacy row has that may have given it up: $3
-- entities, $4 keys of the legacy rows. One that another daemon works on at this moment is left to it.
--
-- The arrays and OFFSET 0: what the planner might join in another order is found first, by the keys, as in claim.sql. The hashes
-- are made beforehand: else the index of the identities, which knows only the entity of these, looks as cheap to it. (SELECT $1): the
-- planner is not told how long the arrays are, or it would plan anew for each batch, which takes four times as long as to wake one.
UPDATE dualwrite.failed f SET retry_at = pg_catalog.clock_timestamp()
WHERE f.event_id = ANY (ARRAY(
    SELECT w.event_id FROM dualwrite.failed w
    WHERE w.event_id = ANY (ARRAY(
              SELECT p.event_id
              FROM (SELECT u.entity, u.parent, pg_catalog.hashtextextended(u.parent, 0) AS hash
                    FROM unnest((SELECT $1::pg_catalog.text[]), (SELECT $2::pg_catalog.text[])) u(entity, parent) OFFSET 0) u
              CROSS JOIN LATERAL (
                  SELECT p.event_id FROM dualwrite.failed p
                  WHERE p.entity = u.entity AND p.parent = u.parent AND pg_catalog.hashtextextended(p.parent, 0) = u.hash
                    AND p.retry_at IS NULL AND p.sqlstate IS DISTINCT FROM 'DW005' -- only a person lets those through
                  OFFSET 0) p
              WHERE EXISTS (SELECT FROM dualwrite.failed)
              UNION ALL
              SELECT h.event_id
              FROM (SELECT u.entity, u.key::pg_catalog.text[] AS key,
                           pg_catalog.hash_array_extended(u.key::pg_catalog.text[], 0) AS hash
                    FROM unnest((SELECT $3::pg_catalog.text[]), (SELECT $4::pg_catalog.text[])) u(entity, key) OFFSET 0) u
              CROSS JOIN LATERAL (
                  SELECT h.event_id FROM dualwrite.failed h
                  WHERE h.entity = u.entity AND h.holder = u.key AND pg_catalog.hash_array_extended(h.holder, 0) = u.hash
                    AND h.last_failed_at < pg_catalog.now() -- in this batch it failed although the other was synced
                  OFFSET 0) h
              WHERE EXISTS (SELECT FROM dualwrite.failed)))
    FOR UPDATE OF w SKIP LOCKED))
RETURNING f.event_id
