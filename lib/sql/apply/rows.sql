-- apply/rows.sql: template. The rows of $1, an array for each column, each value typed as its legacy column is declared: so the
-- type's own reader refuses what does not fit, as it would for an INSERT, where a cast would cut it. (An object for each row
-- takes half as long again to read.) What is to be done is in the bits of "do" (lib/core/sqlrow.c).
SELECT w.n, w."do" & 1 <> 0 AS present, w."do" & 2 <> 0 AS "write", w."do" & 4 <> 0 AS "create", w."do" & 8 <> 0 AS remove:{names}
FROM (SELECT pg_catalog.unnest(p.n) AS n, pg_catalog.unnest(p."do") AS "do":{elements}
      FROM pg_catalog.json_to_record($1::pg_catalog.json) AS p(n pg_catalog.int4[], "do" pg_catalog.int4[]:{declarations})) w
