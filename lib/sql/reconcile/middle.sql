-- reconcile/middle.sql: template. The key of the row number $2 after key $1 (NULL: from the start) and up to key $3: up to there one
-- session compares, and from there another one.
SELECT ARRAY[:{key_text}]::pg_catalog.text[] AS middle
FROM :{table} n
WHERE ($1::pg_catalog.text[] IS NULL OR (:{key_columns}) > (:{position})) AND (:{key_columns}) <= (:{last})
ORDER BY :{key_columns} OFFSET $2::pg_catalog.int4 - 1 LIMIT 1
