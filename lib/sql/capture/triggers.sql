-- capture/triggers.sql: template, once per entity: hangs the capture functions on the source table. Their names sort
-- last among a table's triggers, so that what the application's own triggers change is captured too. ALWAYS: also where
-- somebody loads rows with session_replication_role = replica.
CREATE TRIGGER zz_dualwrite_insert AFTER INSERT ON :{source}
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION dualwrite.:{on_insert}();
CREATE TRIGGER zz_dualwrite_update AFTER UPDATE ON :{source}
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION dualwrite.:{on_update}();
CREATE TRIGGER zz_dualwrite_delete AFTER DELETE ON :{source}
    REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION dualwrite.:{on_delete}();
CREATE TRIGGER zz_dualwrite_truncate AFTER TRUNCATE ON :{source}
    FOR EACH STATEMENT EXECUTE FUNCTION dualwrite.:{on_truncate}();
ALTER TABLE :{source} ENABLE ALWAYS TRIGGER zz_dualwrite_insert;
ALTER TABLE :{source} ENABLE ALWAYS TRIGGER zz_dualwrite_update;
ALTER TABLE :{source} ENABLE ALWAYS TRIGGER zz_dualwrite_delete;
ALTER TABLE :{source} ENABLE ALWAYS TRIGGER zz_dualwrite_truncate;
