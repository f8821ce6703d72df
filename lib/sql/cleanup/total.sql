-- cleanup/total.sql: template. How many rows a table has, up to $1.
SELECT pg_catalog.count(*) FROM (SELECT FROM :{table} LIMIT $1::pg_catalog.int8) t
