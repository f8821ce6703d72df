-- backup/count.sql: template. How many rows a table has; nobody's policy hides any.
SELECT pg_catalog.count(*) FROM :{table}
