-- reconcile/glance_keys.sql: template. The next $2 legacy rows (NULL: all) after key $1 (NULL: from the start) and up to key $3 as arrays: the key
-- as a source row would have it, which reconcile/stands_for.sql takes.
WITH w AS MATERIALIZED (
    SELECT :{wanted}
    FROM :{target} t
    WHERE ($1::pg_catalog.text[] IS NULL OR (:{key_columns}) > (:{position})) AND (:{key_columns}) <= (:{last})
    ORDER BY :{key_columns} LIMIT $2::pg_catalog.int4
)
SELECT pg_catalog.count(*) AS rows, (SELECT ARRAY[:{key_text}]::pg_catalog.text[] FROM w ORDER BY :{key_descending} LIMIT 1) AS position,
       :{arrays}
FROM w
