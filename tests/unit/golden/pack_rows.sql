WITH found AS MATERIALIZED (
    SELECT f.key FROM (
SELECT 1 AS key
    ) f
    WHERE EXISTS (SELECT FROM "S x"."T'y" w WHERE w."k""z" = f.key AND w."a""b"::pg_catalog.text = $1 AND w."c"::pg_catalog.text = $2)
)
SELECT (SELECT pg_catalog.count(*) FROM found) AS rows,
       (SELECT coalesce(pg_catalog.json_agg(pg_catalog.left(s.key::pg_catalog.text, 200)), '[]')
        FROM (SELECT f.key FROM found f ORDER BY 1 LIMIT 3) s) AS samples


INSERT INTO dualwrite.mended_row (mend, pack, check_name, table_schema, table_name, key_column, key, layout, before)
SELECT $1::pg_catalog.int8, $2, $3, $4, $5, $6, t."k""z"::pg_catalog.text, (SELECT pg_catalog.string_agg(pg_catalog.format('%I %s', a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod)), ', '
                              ORDER BY a.attnum)
 FROM pg_catalog.pg_attribute a
 WHERE a.attrelid = '"S x"."T''y"'::pg_catalog.regclass AND a.attnum > 0 AND NOT a.attisdropped)
, (t.*)::pg_catalog.text
FROM "S x"."T'y" t
WHERE t."k""z" = ANY ($7::pg_catalog.int8[])
FOR UPDATE OF t


WITH now AS MATERIALIZED (
    SELECT r.id, (t.*)::pg_catalog.text AS after, t."k""z" IS NULL AS gone,
           (t.*)::pg_catalog.text IS DISTINCT FROM r.before
           OR (t.xmin = r.xmin AND t.cmin::pg_catalog.text::pg_catalog.int8 > r.cmin::pg_catalog.text::pg_catalog.int8) AS changed
    FROM dualwrite.mended_row r LEFT JOIN "S x"."T'y" t ON t."k""z" = r.key::pg_catalog.int8
    WHERE r.mend = $1::pg_catalog.int8 AND r.check_name = $2 AND r.pack = $3
), kept AS (
    UPDATE dualwrite.mended_row r SET after = n.after FROM now n WHERE r.id = n.id AND n.changed RETURNING n.gone
), forgotten AS (
    DELETE FROM dualwrite.mended_row r USING now n WHERE r.id = n.id AND NOT n.changed
)
SELECT pg_catalog.count(*) AS changed, pg_catalog.count(*) FILTER (WHERE k.gone) AS gone FROM kept k


SELECT coalesce(pg_catalog.string_agg(x.key, ', '), '') AS changed
FROM (SELECT r.key FROM dualwrite.mended_row r LEFT JOIN "S x"."T'y" t ON t."k""z" = r.key::pg_catalog.int8
      WHERE r.mend = $1::pg_catalog.int8 AND r.pack = $2 AND r.check_name = $3
        AND ((t.*)::pg_catalog.text IS DISTINCT FROM r.after OR r.layout IS DISTINCT FROM (SELECT pg_catalog.string_agg(pg_catalog.format('%I %s', a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod)), ', '
                              ORDER BY a.attnum)
 FROM pg_catalog.pg_attribute a
 WHERE a.attrelid = '"S x"."T''y"'::pg_catalog.regclass AND a.attnum > 0 AND NOT a.attisdropped)
)
      ORDER BY r.id LIMIT 10) x


UPDATE "S x"."T'y" t SET (a, b) = ROW((b.was).a, (b.was).b)
FROM (SELECT r.key, r.before::"S x"."T'y" AS was FROM dualwrite.mended_row r
      WHERE r.mend = $1::pg_catalog.int8 AND r.pack = $2 AND r.check_name = $3 AND r.after IS NOT NULL OFFSET 0) b
WHERE t."k""z" = b.key::pg_catalog.int8


INSERT INTO "S x"."T'y" (a, b) OVERRIDING SYSTEM VALUE
SELECT (b.was).a, (b.was).b
FROM (SELECT r.id, r.before::"S x"."T'y" AS was FROM dualwrite.mended_row r
      WHERE r.mend = $1::pg_catalog.int8 AND r.pack = $2 AND r.check_name = $3 AND r.after IS NULL OFFSET 0) b
ORDER BY b.id


SELECT coalesce(pg_catalog.string_agg(x.key, ', '), '') AS differ
FROM (SELECT r.key FROM dualwrite.mended_row r LEFT JOIN "S x"."T'y" t ON t."k""z" = r.key::pg_catalog.int8
      WHERE r.mend = $1::pg_catalog.int8 AND r.pack = $2 AND r.check_name = $3 AND (t.*)::pg_catalog.text IS DISTINCT FROM r.before
      ORDER BY r.id LIMIT 10) x


SELECT pg_catalog.count(*)
FROM (SELECT FROM "S x"."T'y" t
      WHERE t."k""z" IN (SELECT r.key::pg_catalog.int8 FROM dualwrite.mended_row r
                         WHERE r.mend = $1::pg_catalog.int8 AND r.pack = $2 AND r.check_name = $3)
      FOR UPDATE OF t) x


SELECT coalesce(pg_catalog.array_agg(f.key::pg_catalog.text), '{}')::pg_catalog.text AS keys
FROM (
SELECT 1 AS key
) f
    WHERE EXISTS (SELECT FROM "S x"."T'y" w WHERE w."k""z" = f.key AND w."a""b"::pg_catalog.text = $1)


SELECT coalesce(pg_catalog.array_agg(f.key::pg_catalog.text), '{}')::pg_catalog.text AS keys
FROM (
SELECT 1 AS key
) f
    WHERE EXISTS (SELECT FROM "S x"."T'y" w WHERE w."k""z" = f.key AND w."a""b"::pg_catalog.text = $1)
    AND f.key::pg_catalog.int8 = ANY ($2::pg_catalog.int8[])


SELECT coalesce(pg_catalog.array_agg(f.key::pg_catalog.text), '{}')::pg_catalog.text AS keys
FROM (
SELECT 1 AS key
) f
    WHERE f.key::pg_catalog.int8 = ANY ($1::pg_catalog.int8[])


