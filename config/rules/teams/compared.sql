-- Rows that `reconcile` found of this class: it looks twice, so nothing that is under way is among them.
SELECT pg_catalog.array_to_string(f.ref, ',', '') AS key
FROM dualwrite.reconcile_finding f
WHERE f.entity = :{entity} AND f.class = :{class} AND f.state NOT IN ('open', 'fixed')
