-- 002_two_databases.undo.sql: the exact inverse of 002_two_databases.sql, back to version 1. Not needed by uninstall,
-- which drops the schema; run by hand, for a database of side 'both', it lets version 1's `install` take over again.
DROP FUNCTION dualwrite.publish_flags(jsonb);
DROP FUNCTION dualwrite.suffixed(text, text, integer);
DROP FUNCTION dualwrite.lookup_missing(text, text, text, text, text, anyelement);
DROP SEQUENCE dualwrite.epoch;
DROP TABLE dualwrite.fence;
DELETE FROM dualwrite.setting WHERE key IN ('side', 'installation', 'legacy_database');
UPDATE dualwrite.setting SET value = '1' WHERE key = 'schema_version' AND value = '2';
