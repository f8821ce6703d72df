-- reconcile/legacy.sql: template. The next $2 legacy rows after key $1 (NULL: from the start) and up to key $3, in key order: the
-- key, and the same as a source row would have it where a lookup of the legacy database stands between.
SELECT pg_catalog.array_to_json(ARRAY[:{key_text}]::pg_catalog.text[]) AS position,
       pg_catalog.array_to_json(ARRAY[:{key_asked}]::pg_catalog.text[]) AS key
FROM :{target} t
WHERE ($1::pg_catalog.text[] IS NULL OR (:{key_columns}) > (:{position})) AND (:{key_columns}) <= (:{last})
ORDER BY :{key_columns} LIMIT $2::pg_catalog.int4
