-- smoke/leftovers.sql: template. Test rows of earlier runs. $1 a LIKE pattern.
SELECT pg_catalog.count(*) AS count, pg_catalog.min(source.:{name}::pg_catalog.text) AS first
FROM :{source} AS source
WHERE source.:{name}::pg_catalog.text LIKE $1::pg_catalog.text
