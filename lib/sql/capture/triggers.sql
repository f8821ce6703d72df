-- capture/triggers.sql: template, once per entity: hangs the capture functions on the source table. The triggers are named
-- zz_dualwrite_insert_ENTITY and so on: they sort last among a table's triggers, so that what the application's own
-- triggers change is captured too. ALWAYS: also where somebody loads rows with session_replication_role = replica.
CREATE TRIGGER :{insert_trigger} AFTER INSERT ON :{source}
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION dualwrite.:{on_insert}();
CREATE TRIGGER :{update_trigger} AFTER UPDATE ON :{source}
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION dualwrite.:{on_update}();
CREATE TRIGGER :{delete_trigger} AFTER DELETE ON :{source}
    REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION dualwrite.:{on_delete}();
CREATE TRIGGER :{truncate_trigger} AFTER TRUNCATE ON :{source}
    FOR EACH STATEMENT EXECUTE FUNCTION dualwrite.:{on_truncate}();
ALTER TABLE :{source} ENABLE ALWAYS TRIGGER :{insert_trigger};
ALTER TABLE :{source} ENABLE ALWAYS TRIGGER :{update_trigger};
ALTER TABLE :{source} ENABLE ALWAYS TRIGGER :{delete_trigger};
ALTER TABLE :{source} ENABLE ALWAYS TRIGGER :{truncate_trigger};
