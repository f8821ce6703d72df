-- reconcile/totals.sql: how many findings of each kind.
SELECT f.entity, f.class, f.state, f.removal, f.mendable, pg_catalog.count(*) AS rows
FROM dualwrite.reconcile_finding f GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5
