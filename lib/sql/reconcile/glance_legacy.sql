-- reconcile/glance_legacy.sql: template. Which of the rows of the parameters legacy does not hold as the sync would write them;
-- compared as reconcile/compare.sql does it, or not at all where that has to be told row by row.
SELECT pg_catalog.json_agg(r.n) FILTER (WHERE r."do" & 16 <> 0 OR CASE WHEN t.:{first_key} IS NULL THEN r."do" & 4 <> 0
           WHEN r."do" & 8 <> 0 THEN true WHEN r."do" & 2 <> 0 THEN :{differs} ELSE false END:{doubts}) AS suspects:{also_read}
FROM (SELECT w.n, w."do", w."do" & 1 <> 0 AS present:{names}
      FROM unnest($1::pg_catalog.int4[]:{parameters}) WITH ORDINALITY AS w("do":{declared}, n)) r:{removed}
LEFT JOIN :{target} t ON :{match}
