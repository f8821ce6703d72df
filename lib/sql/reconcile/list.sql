-- reconcile/list.sql: template. The next $2 source rows after key $1 (NULL: from the start) and up to key $3, in key order, each
-- as the ref that an event of it carries.
SELECT pg_catalog.array_to_json(ARRAY[:{ref}]::pg_catalog.text[]) AS ref
FROM :{source} n
WHERE ($1::pg_catalog.text[] IS NULL OR (:{key_columns}) > (:{position})) AND (:{key_columns}) <= (:{last})
ORDER BY :{key_columns} LIMIT $2::pg_catalog.int4
