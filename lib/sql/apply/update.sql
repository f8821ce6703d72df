-- apply/update.sql: template. Makes legacy rows equal to what vNext says now. Unchanged ones are not written. (UPDATE, then
-- INSERT what is missing, rather than ON CONFLICT: that cannot use a deferrable constraint, and draws a value from every
-- sequence of the table each time.)
UPDATE :{target} AS t SET :{assignments}
FROM (:{rows}) r:{removed}
WHERE :{match} AND r."write"
  AND ROW(:{present_columns})::pg_catalog.record OPERATOR(pg_catalog.*<>) ROW(:{compared_values})::pg_catalog.record
