-- Present vNext rows without a legacy row. Found by `reconcile`, which looks twice.
SELECT pg_catalog.array_to_string(f.ref, ',', '') AS key
FROM dualwrite.reconcile_finding f
WHERE f.entity = :{entity} AND f.class = 'missing' AND f.state NOT IN ('open', 'fixed')
