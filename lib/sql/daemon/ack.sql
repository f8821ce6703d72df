-- ack.sql: takes $1, the events that are done, off the queue, and off the list of those that had failed before; by id, never by
-- key. They are counted, each session in rows of its own: a session whose backend's number was another's before goes on with
-- its row. A new row every five minutes: while somebody's old snapshot keeps the row's former versions, each batch walks them.
WITH clock AS MATERIALIZED (
    SELECT pg_catalog.floor(extract(epoch FROM pg_catalog.clock_timestamp()) / 300)::pg_catalog.int8 AS part
), acked AS (
    DELETE FROM dualwrite.outbox o WHERE o.id = ANY ($1::pg_catalog.int8[]) RETURNING 1
), mended AS (
    DELETE FROM dualwrite.failed f WHERE f.event_id = ANY ($1::pg_catalog.int8[]) RETURNING 1
)
INSERT INTO dualwrite.processed AS p (slot, backend, since, events)
SELECT c.part % 288, pg_catalog.pg_backend_pid(), pg_catalog.to_timestamp(c.part * 300), d.events
FROM clock c, (SELECT (SELECT pg_catalog.count(*) FROM acked) + (SELECT pg_catalog.count(*) FROM mended) AS events) d
WHERE d.events > 0
ON CONFLICT (slot, backend) DO UPDATE
SET since = excluded.since,
    events = excluded.events + CASE WHEN p.since = excluded.since THEN p.events ELSE 0 END
