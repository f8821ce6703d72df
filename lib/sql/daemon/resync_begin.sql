-- resync_begin.sql: a round begins: up to which mark, and the barrier before whose end a scan could miss the writer.
UPDATE dualwrite.resync r
SET seen = pg_catalog.pg_sequence_last_value(('dualwrite.resync_' || r.entity)::pg_catalog.regclass),
    barrier = pg_catalog.pg_current_xact_id(), position = NULL, queued = 0
WHERE r.entity = $1
