-- integrity/removals.sql: how many legacy rows of entity $1 a mend of class $2 would remove, and how many there are.
SELECT (SELECT pg_catalog.count(*) FROM dualwrite.reconcile_finding f
        WHERE f.entity = r.entity AND f.class = $2 AND f.state = 'confirmed' AND f.mendable AND f.removal) AS removals,
       r.legacy_rows
FROM dualwrite.reconcile r WHERE r.entity = $1
