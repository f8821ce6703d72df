-- stage/touch.sql: an application's change of one vNext row; $1 is the new value.
UPDATE :{source} AS source SET :{column} = $1 WHERE :{match}
RETURNING pg_catalog.pg_current_xact_id()::pg_catalog.text
