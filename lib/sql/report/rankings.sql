-- report/rankings.sql: template. The vNext rankings of the parents $1, each as the ref that an event of it carries.
SELECT pg_catalog.array_to_json(ARRAY[:{ref}]::pg_catalog.text[]) AS ref, n.:{parent}::pg_catalog.text AS root
FROM :{source} n
WHERE n.:{parent} = ANY ($1::pg_catalog.text[]:::{type}[])
