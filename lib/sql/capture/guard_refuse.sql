-- capture/guard_refuse.sql: template, once per legacy table, with --guard=on. What has rows is refused by the triggers of
-- guard_record.sql, which can count them.
CREATE TRIGGER aa_dualwrite_guard BEFORE TRUNCATE ON :{target}
    FOR EACH STATEMENT EXECUTE FUNCTION dualwrite.guard_refuse();
ALTER TABLE :{target} ENABLE ALWAYS TRIGGER aa_dualwrite_guard;
