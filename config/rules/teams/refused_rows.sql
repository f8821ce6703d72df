-- vNext rows that the mapping cannot read, or whose values legacy does not take. Found by `reconcile`, which looks twice.
SELECT pg_catalog.array_to_string(f.ref, ',', '') AS key
FROM dualwrite.reconcile_finding f
WHERE f.entity = :{entity} AND f.class = 'refused' AND f.state NOT IN ('open', 'fixed')
