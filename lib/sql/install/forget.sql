-- install/forget.sql: template. Entities that the mapping no longer knows, when nothing of theirs waits. No daemon deals with a
-- resync mark of theirs any more, and await_sync must not wait for it; but its sequence stays, so that it is up again should the
-- entity come back.
DO :{quote}
DECLARE
    e record;
BEGIN
    FOR e IN
        SELECT r.entity,
               coalesce(pg_catalog.pg_sequence_last_value(
                   pg_catalog.to_regclass(pg_catalog.format('dualwrite.%I', 'resync_' || r.entity))), 0) > r.handled AS marked
        FROM dualwrite.resync r
        WHERE r.entity <> ALL (ARRAY[:{entities}]::pg_catalog.text[])
          AND NOT EXISTS (SELECT FROM dualwrite.outbox o WHERE o.entity = r.entity)
          AND NOT EXISTS (SELECT FROM dualwrite.failed f WHERE f.entity = r.entity)
    LOOP
        DELETE FROM dualwrite.resync WHERE entity = e.entity;
        IF NOT e.marked THEN
            EXECUTE pg_catalog.format('DROP SEQUENCE IF EXISTS dualwrite.%I', 'resync_' || e.entity);
        END IF;
    END LOOP;
END :{quote};
