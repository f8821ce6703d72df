-- supersede.sql: of several failed events of one row only the newest is kept: they all say "look at that row". $1 ids. The
-- transactions of the others stay known for await_sync, for as long as somebody may be waiting.
-- (OFFSET 0: as in claim.sql, whatever the statistics say; with the condition outside it no index but that of the identity fits.
-- (SELECT $1): as in wake_parked.sql.)
WITH old AS MATERIALIZED (
    SELECT f.event_id, f.xid, pg_catalog.max(n.event_id) AS newest
    FROM dualwrite.failed n CROSS JOIN LATERAL (
        SELECT f.event_id, f.xid FROM dualwrite.failed f
        WHERE f.entity = n.entity AND f.identity = n.identity
          AND pg_catalog.hash_array_extended(f.identity, 0) = pg_catalog.hash_array_extended(n.identity, 0) OFFSET 0) f
    WHERE n.event_id = ANY ((SELECT $1::pg_catalog.int8[])::pg_catalog.int8[]) AND f.event_id < n.event_id
    GROUP BY f.event_id, f.xid
), swept AS (
    DELETE FROM dualwrite.superseded s WHERE s.at < pg_catalog.clock_timestamp() - interval '10 minutes'
), kept AS (
    INSERT INTO dualwrite.superseded (xid, event_id, at)
    SELECT o.xid, o.newest, pg_catalog.clock_timestamp() FROM old o
    UNION ALL
    SELECT s.xid, o.newest, s.at FROM old o JOIN dualwrite.superseded s ON s.event_id = ANY (ARRAY[o.event_id])
    WHERE s.at > pg_catalog.clock_timestamp() - interval '10 minutes'
    ON CONFLICT DO NOTHING
)
DELETE FROM dualwrite.failed f USING old o WHERE f.event_id = ANY (ARRAY[o.event_id])
