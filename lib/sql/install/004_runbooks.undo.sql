-- 004_runbooks.undo.sql: the exact inverse of 004_runbooks.sql, back to version 3. Not needed by uninstall, which drops the
-- schema; run by hand, it lets version 3's `install` take over again.
-- ---- part: cleanup
DROP TABLE dualwrite.cleanup;
UPDATE dualwrite.setting SET value = '3' WHERE key = 'schema_version' AND value = '4';
