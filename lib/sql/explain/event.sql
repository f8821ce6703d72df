-- explain/event.sql: which row the failed event $1 is about.
SELECT f.entity, pg_catalog.array_to_json(f.ref) AS ref FROM dualwrite.failed f WHERE f.event_id = $1::pg_catalog.int8
