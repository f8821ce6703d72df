-- capture/guard_refuse.sql: template, once per legacy table, with --guard=on.
CREATE TRIGGER aa_dualwrite_guard BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON :{target}
    FOR EACH STATEMENT EXECUTE FUNCTION dualwrite.guard_refuse();
ALTER TABLE :{target} ENABLE ALWAYS TRIGGER aa_dualwrite_guard;
