-- integrity/legacy_make.sql: a place for legacy's rows that nobody else sees and that goes with the transaction; a script. A mend
-- needs it more than once.
DROP TABLE IF EXISTS pg_temp.dualwrite_legacy;
CREATE TEMPORARY TABLE dualwrite_legacy (key pg_catalog.text, value pg_catalog.text) ON COMMIT DROP
