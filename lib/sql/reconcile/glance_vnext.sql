-- reconcile/glance_vnext.sql: template. The next $2 source rows (NULL: all) after key $1 (NULL: from the start) and up to key $3 as arrays that
-- the other server reads as they are: what vNext says about the identity of each, as apply/read.sql. What is to be done is in
-- the bits of "do", as in the rows of a batch; 16: look at it row by row.
WITH w AS MATERIALIZED (
    SELECT :{wanted}
    FROM :{source} n
    WHERE ($1::pg_catalog.text[] IS NULL OR (:{key_columns}) > (:{position})) AND (:{key_columns}) <= (:{last})
    ORDER BY :{key_columns} LIMIT $2::pg_catalog.int4
)
SELECT pg_catalog.count(*) AS rows, (SELECT ARRAY[:{key_text}]::pg_catalog.text[] FROM w ORDER BY :{key_descending} LIMIT 1) AS position,
       :{refs}, :{also_read}
       pg_catalog.array_agg(CASE WHEN s.present THEN 7 WHEN s.found THEN :{absent} ELSE 16 END) AS "do", :{arrays}
FROM w
LEFT JOIN LATERAL (:{reading}) s ON true:{joins}
CROSS JOIN LATERAL (SELECT w.r0:{keys}) x
