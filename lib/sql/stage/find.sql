-- stage/find.sql: a row of test data that has a legacy row; $1 is the pattern. Its key, the legacy row's key, its value.
SELECT :{key}, :{shadow}, source.:{column}::pg_catalog.text
FROM :{source} AS source :{join}
WHERE source.:{column}::pg_catalog.text LIKE $1
ORDER BY :{key}
LIMIT 1
