-- ack.sql: takes $1, the events that are done, off the queue; by id, never by key. They are counted by the hour, each session in
-- rows of its own: a session whose backend's number was another's before goes on with its row.
WITH acked AS (
    DELETE FROM dualwrite.outbox o WHERE o.id = ANY ($1::pg_catalog.int8[]) RETURNING 1
), counted AS (
    INSERT INTO dualwrite.processed AS p (slot, backend, hour, events)
    SELECT extract(hour FROM pg_catalog.clock_timestamp() AT TIME ZONE 'UTC'), pg_catalog.pg_backend_pid(),
           pg_catalog.date_trunc('hour', pg_catalog.clock_timestamp() AT TIME ZONE 'UTC') AT TIME ZONE 'UTC',
           pg_catalog.count(*)
    FROM acked HAVING pg_catalog.count(*) > 0
    ON CONFLICT (slot, backend) DO UPDATE
    SET hour = excluded.hour,
        events = excluded.events + CASE WHEN p.hour = excluded.hour THEN p.events ELSE 0 END
)
DELETE FROM dualwrite.failed f WHERE f.event_id = ANY ($1::pg_catalog.int8[])
