-- reconcile/compare.sql: template. What legacy holds for the rows of $1 (apply/rows.sql): is there a row (shadow), which version
-- of it, and the columns that are not what the sync would write, as [[column, as it should be, as it is]]; compared as
-- apply/update.sql does it. Long values are cut: they are only shown.
SELECT r.n, t.:{first_key} IS NOT NULL AS shadow, t.xmin::pg_catalog.text || t.ctid::pg_catalog.text AS version,
       CASE WHEN t.:{first_key} IS NULL THEN NULL
            WHEN r.remove THEN :{removed_differences}
            ELSE :{differences} END AS differences
FROM (:{rows}) r:{removed}
LEFT JOIN :{target} t ON :{match}
ORDER BY r.n
