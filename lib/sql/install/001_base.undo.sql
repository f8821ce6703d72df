-- 001_base.undo.sql: the exact inverse of 001_base.sql. Triggers on other schemas' tables are gone by then (release.sql).
DROP SCHEMA dualwrite CASCADE;
