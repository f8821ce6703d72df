-- word.covered
none

-- word.keys
none

-- word.covered_keys
none

-- word.present
none

-- page.covered
SELECT (SELECT pg_catalog.count(*) FROM "Old"."Page" t WHERE NOT coalesce(t."Data"::pg_catalog.text = '{"gone": "it''s"}' AND t."Name" IS NULL, false) AND coalesce(t."Name"::pg_catalog.text IN ('here'), false)) AS rows,
       (SELECT pg_catalog.count(*) FROM "Old"."Page" t
        WHERE NOT coalesce(t."Data"::pg_catalog.text = '{"gone": "it''s"}' AND t."Name" IS NULL, false) AND coalesce(t."Name"::pg_catalog.text IN ('here'), false) AND EXISTS (SELECT FROM "Map"."Page Map" m WHERE m."O" = t."Id")) AS mapped


-- page.keys
DECLARE dualwrite_gate NO SCROLL CURSOR FOR
SELECT t."Id"::pg_catalog.text AS key, pg_catalog.count(*) AS rows FROM "Old"."Page" t WHERE NOT coalesce(t."Data"::pg_catalog.text = '{"gone": "it''s"}' AND t."Name" IS NULL, false) AND coalesce(t."Name"::pg_catalog.text IN ('here'), false) GROUP BY t."Id"


-- page.covered_keys
SELECT coalesce(pg_catalog.sum(u.rows), 0) AS mapped
FROM unnest($1::pg_catalog.text[], $2::pg_catalog.int8[]) u(key, rows)
WHERE EXISTS (SELECT FROM "Map"."Page Map" m WHERE m."O" = u.key::pg_catalog.int8)


-- page.present
SELECT (SELECT pg_catalog.count(*) FROM "New"."b" s WHERE coalesce(s."v"::pg_catalog.text IN ('here'), false)) AS rows,
       (SELECT pg_catalog.count(*) FROM "New"."b" s
        WHERE coalesce(s."v"::pg_catalog.text IN ('here'), false) AND EXISTS (SELECT FROM "Map"."Page Map" m WHERE m."N" = s."Id")) AS mapped,
       (SELECT pg_catalog.count(*) FROM "New"."b" s
        WHERE coalesce(s."v"::pg_catalog.text IN ('here'), false) AND NOT EXISTS (SELECT FROM "Map"."Page Map" m WHERE m."N" = s."Id")
          AND EXISTS (SELECT FROM (SELECT o.ref FROM dualwrite.outbox o WHERE o.entity = 'page'
                                   UNION ALL
                                   SELECT f.ref FROM dualwrite.failed f WHERE f.entity = 'page' AND f.retry_at IS NOT NULL) e
                      WHERE e.ref[1] = s."Id"::pg_catalog.text)) AS waiting


-- note.covered
SELECT (SELECT pg_catalog.count(*) FROM "Old"."Note" t WHERE true) AS rows,
       (SELECT pg_catalog.count(*) FROM "Old"."Note" t
        WHERE true AND EXISTS (SELECT FROM "Map"."Note Map" m WHERE m."O" = t."Id")) AS mapped


-- note.keys
DECLARE dualwrite_gate NO SCROLL CURSOR FOR
SELECT t."Id"::pg_catalog.text AS key, pg_catalog.count(*) AS rows FROM "Old"."Note" t WHERE true GROUP BY t."Id"


-- note.covered_keys
SELECT coalesce(pg_catalog.sum(u.rows), 0) AS mapped
FROM unnest($1::pg_catalog.text[], $2::pg_catalog.int8[]) u(key, rows)
WHERE EXISTS (SELECT FROM "Map"."Note Map" m WHERE m."O" = u.key::pg_catalog.uuid)


-- note.present
SELECT (SELECT pg_catalog.count(*) FROM "New"."Note" s WHERE true) AS rows,
       (SELECT pg_catalog.count(*) FROM "New"."Note" s
        WHERE true AND EXISTS (SELECT FROM "Map"."Note Map" m WHERE m."X" = s."ref" AND m."Y" = s."root")) AS mapped,
       (SELECT pg_catalog.count(*) FROM "New"."Note" s
        WHERE true AND NOT EXISTS (SELECT FROM "Map"."Note Map" m WHERE m."X" = s."ref" AND m."Y" = s."root")
          AND EXISTS (SELECT FROM (SELECT o.ref FROM dualwrite.outbox o WHERE o.entity = 'note'
                                   UNION ALL
                                   SELECT f.ref FROM dualwrite.failed f WHERE f.entity = 'note' AND f.retry_at IS NOT NULL) e
                      WHERE e.ref[1] = s."ref"::pg_catalog.text AND e.ref[2] = s."root"::pg_catalog.text)) AS waiting


-- line.covered
none

-- line.keys
none

-- line.covered_keys
none

-- line.present
none

