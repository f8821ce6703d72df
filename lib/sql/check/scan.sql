-- check/scan.sql: template. How many of the present rows have what the mapping or the column does not take, each with an
-- example: cN the number, kN a key, vN what the column holds there.
SELECT pg_catalog.count(*) AS rows:{counts}
FROM (:{rows}) x
