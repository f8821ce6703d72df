-- apply/remove_set.sql: template. A removal as the mapping says: columns set.
UPDATE :{target} AS t SET :{removal_assignments}
FROM (:{rows}) r:{removed}
WHERE :{match} AND r.remove
  AND ROW(:{removal_columns})::pg_catalog.record OPERATOR(pg_catalog.*<>) ROW(:{removal_values})::pg_catalog.record
