-- capture/guard_record.sql: template, once per legacy table, with --guard=on (then they also refuse) or --guard=record. One
-- trigger per kind of statement, because a trigger with a transition table takes only one.
CREATE TRIGGER zz_dualwrite_record_insert AFTER INSERT ON :{target}
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION dualwrite.guard_record();
CREATE TRIGGER zz_dualwrite_record_update AFTER UPDATE ON :{target}
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION dualwrite.guard_record();
CREATE TRIGGER zz_dualwrite_record_delete AFTER DELETE ON :{target}
    REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION dualwrite.guard_record();
CREATE TRIGGER zz_dualwrite_record_truncate AFTER TRUNCATE ON :{target}
    FOR EACH STATEMENT EXECUTE FUNCTION dualwrite.guard_record();
ALTER TABLE :{target} ENABLE ALWAYS TRIGGER zz_dualwrite_record_insert;
ALTER TABLE :{target} ENABLE ALWAYS TRIGGER zz_dualwrite_record_update;
ALTER TABLE :{target} ENABLE ALWAYS TRIGGER zz_dualwrite_record_delete;
ALTER TABLE :{target} ENABLE ALWAYS TRIGGER zz_dualwrite_record_truncate;
