-- check/same_value.sql: template. How the server finds the rows that give one value: planned, not executed. With sequential
-- scans switched off (no_scan.sql) there is an "Index Cond" in the plan when, and only when, an index serves.
EXPLAIN SELECT FROM :{source} WHERE :{indexed} = (SELECT :{indexed} FROM :{source} LIMIT 1)
