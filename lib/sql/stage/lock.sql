-- stage/lock.sql: holds one legacy row, so that no daemon can write it; the end of the transaction or of the connection lets it go.
SELECT target.:{target_column}::pg_catalog.text FROM :{target} AS target WHERE :{match} FOR UPDATE
