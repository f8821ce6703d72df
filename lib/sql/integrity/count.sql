-- integrity/count.sql: template. How many rows a check of a rule pack finds, and the first keys of them.
WITH found AS MATERIALIZED (
    SELECT f.key FROM (
:{find}
    ) f:{narrowed}
)
SELECT (SELECT pg_catalog.count(*) FROM found) AS rows,
       (SELECT coalesce(pg_catalog.json_agg(pg_catalog.left(s.key::pg_catalog.text, 200)), '[]')
        FROM (SELECT f.key FROM found f ORDER BY 1 LIMIT :{samples}) s) AS samples
