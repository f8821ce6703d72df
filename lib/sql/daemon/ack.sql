-- ack.sql: takes $1, the events that are done, off the queue; by id, never by key.
WITH acked AS (DELETE FROM dualwrite.outbox o WHERE o.id = ANY ($1::pg_catalog.int8[]) RETURNING 1)
DELETE FROM dualwrite.failed f WHERE f.event_id = ANY ($1::pg_catalog.int8[])
