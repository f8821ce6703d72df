-- stage/look.sql: what legacy has.
SELECT target.:{target_column}::pg_catalog.text FROM :{target} AS target WHERE :{match}
