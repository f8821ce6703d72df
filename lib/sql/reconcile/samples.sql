-- reconcile/samples.sql: the first $4 findings of entity $1: of class $2 (NULL: any) in one of the states $3, and where $5 is not
-- NULL with a difference in that column.
SELECT pg_catalog.array_to_json(f.ref) AS ref, f.removal
FROM dualwrite.reconcile_finding f
WHERE f.entity = $1 AND ($2::pg_catalog.text IS NULL OR f.class = $2::pg_catalog.text)
  AND f.state = ANY ($3::pg_catalog.text[])
  AND ($5::pg_catalog.text IS NULL OR f.columns @> ARRAY[$5::pg_catalog.text])
ORDER BY f.id LIMIT $4::pg_catalog.int4
