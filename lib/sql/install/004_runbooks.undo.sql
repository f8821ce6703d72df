-- 004_runbooks.undo.sql: the exact inverse of 004_runbooks.sql, back to version 3. Not needed by uninstall, which drops the
-- schema; run by hand, it lets version 3's `install` take over again.
DROP TABLE dualwrite.cleanup;
DROP TABLE dualwrite.processed;
REVOKE INSERT, UPDATE, DELETE ON dualwrite.override FROM dualwrite_daemon;
DROP TRIGGER ring_control_reload ON dualwrite.daemon;
ALTER TABLE dualwrite.daemon DROP COLUMN reload_answer, DROP COLUMN reload_done, DROP COLUMN reload_wanted,
    DROP COLUMN in_force;
UPDATE dualwrite.setting SET value = '3' WHERE key = 'schema_version' AND value = '4';
