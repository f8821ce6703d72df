-- constraints/failing_unique.sql: template. Rows that are there once more: all but one of each.
WITH bad AS MATERIALIZED (
    SELECT d.key
    FROM (SELECT :{key} AS key,
                 pg_catalog.row_number() OVER (PARTITION BY :{text} ORDER BY pg_catalog.length(:{key}), :{key}) AS n
          FROM :{table} WHERE (:{text}) IS NOT NULL) d
    WHERE d.n > 1
)
SELECT (SELECT pg_catalog.count(*) FROM bad) AS rows,
       (SELECT coalesce(pg_catalog.json_agg(pg_catalog.left(s.key, 200)), '[]')
        FROM (SELECT b.key FROM bad b ORDER BY pg_catalog.length(b.key), b.key LIMIT 10) s) AS samples
