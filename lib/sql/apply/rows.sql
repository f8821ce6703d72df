-- apply/rows.sql: template. The rows of $1, each value typed as its legacy column is declared: so the type's own reader
-- refuses what does not fit, as it would for an INSERT, where a cast would cut it. What is to be done is in the bits of "do"
-- (lib/core/sqlrow.c), because reading the document is what costs.
SELECT w.n, w."do" & 1 <> 0 AS present, w."do" & 2 <> 0 AS "write", w."do" & 4 <> 0 AS "create", w."do" & 8 <> 0 AS remove:{names}
FROM pg_catalog.json_to_recordset($1::pg_catalog.json) AS w(n pg_catalog.int4, "do" pg_catalog.int4:{declarations})
