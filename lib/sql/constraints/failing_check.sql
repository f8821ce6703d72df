-- constraints/failing_check.sql: template. Rows that are against it: how many, and the keys of some.
WITH bad AS MATERIALIZED (
    SELECT :{key} AS key FROM :{table} WHERE NOT (
:{text}
    )
)
SELECT (SELECT pg_catalog.count(*) FROM bad) AS rows,
       (SELECT coalesce(pg_catalog.json_agg(pg_catalog.left(s.key, 200)), '[]')
        FROM (SELECT b.key FROM bad b ORDER BY pg_catalog.length(b.key), b.key LIMIT 10) s) AS samples
