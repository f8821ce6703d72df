-- smoke/children.sql: template. The rows of a child entity that belong to test rows. $1 a text[] of the parents' keys.
SELECT :{answer}
FROM :{source} AS source
WHERE source.:{parent} IN (SELECT u.k:::{type} FROM unnest($1::pg_catalog.text[]) AS u(k))
