-- reconcile/count.sql: template. How many rows there are to look at.
SELECT pg_catalog.count(*) AS rows FROM :{table} n
