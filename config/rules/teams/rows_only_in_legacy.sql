-- Legacy rows that should not be there, or not be active, any more. Found by `reconcile`, which looks twice.
SELECT pg_catalog.array_to_string(f.ref, ',', '') AS key
FROM dualwrite.reconcile_finding f
WHERE f.entity = :{entity} AND f.class = 'extra' AND f.state NOT IN ('open', 'fixed')
