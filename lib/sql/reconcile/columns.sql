-- reconcile/columns.sql: how many rows each column differs in.
SELECT f.entity, c.name AS "column", pg_catalog.count(*) AS rows
FROM dualwrite.reconcile_finding f CROSS JOIN LATERAL unnest(f.columns) AS c(name)
WHERE f.class = 'drifted' AND f.state IN ('confirmed', 'queued', 'fixed', 'unfixed')
GROUP BY 1, 2 ORDER BY 1, 3 DESC, 2
