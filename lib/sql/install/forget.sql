-- install/forget.sql: template. Entities that the mapping no longer knows, when nothing of theirs waits.
DO :{quote}
DECLARE
    e record;
BEGIN
    FOR e IN
        SELECT r.entity FROM dualwrite.resync r
        WHERE r.entity <> ALL (ARRAY[:{entities}]::pg_catalog.text[])
          AND NOT EXISTS (SELECT FROM dualwrite.outbox o WHERE o.entity = r.entity)
          AND NOT EXISTS (SELECT FROM dualwrite.failed f WHERE f.entity = r.entity)
          AND coalesce(pg_catalog.pg_sequence_last_value(
                  pg_catalog.to_regclass(pg_catalog.format('dualwrite.%I', 'resync_' || r.entity))), 0) <= r.handled
    LOOP
        DELETE FROM dualwrite.resync WHERE entity = e.entity;
        EXECUTE pg_catalog.format('DROP SEQUENCE IF EXISTS dualwrite.%I', 'resync_' || e.entity);
    END LOOP;
END :{quote};
