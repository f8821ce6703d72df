-- 005_integrity.undo.sql: the exact inverse of 005_integrity.sql, back to version 4. Not needed by uninstall, which drops the
-- schema; run by hand, it lets version 4's `install` take over again.
DROP TABLE dualwrite.mended_row;
DROP TABLE dualwrite.mend;
DROP TABLE dualwrite.monitor_alert;
DROP TABLE dualwrite.monitor_run;
UPDATE dualwrite.setting SET value = '4' WHERE key = 'schema_version' AND value = '5';
