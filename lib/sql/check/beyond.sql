-- check/beyond.sql: template. Rows at or above what the sequence of that column gives next: $1.
SELECT pg_catalog.count(*) AS rows, pg_catalog.max(t.:{column}) AS highest
FROM :{table} t WHERE t.:{column} >= $1::pg_catalog.int8
