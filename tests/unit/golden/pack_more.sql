-- 0 word
SELECT s."Code"::pg_catalog.text AS key, 'word' FROM "New"."Word" s JOIN pg_temp.dualwrite_legacy WHERE (s."Gone" IS NULL) AND true
SELECT t."Code"::pg_catalog.text AS key, true AS value FROM "Old"."Word" t WHERE now() - '24 hours'::pg_catalog.interval IS NULL

-- 0 page
SELECT s."Id"::pg_catalog.text AS key, 'page' FROM "New"."b" s JOIN pg_temp.dualwrite_legacy WHERE coalesce(s."v"::pg_catalog.text IN ('here'), false) AND false
SELECT t."Id"::pg_catalog.text AS key, NOT coalesce(t."Data"::pg_catalog.text = '{"gone": "it''s"}' AND t."Name" IS NULL, false) AND coalesce(t."Name"::pg_catalog.text IN ('here'), false) AS value FROM "Old"."Page" t WHERE now() - '24 hours'::pg_catalog.interval IS NULL

-- 0 note
SELECT pg_catalog.concat_ws(',', s."ref"::pg_catalog.text, s."root"::pg_catalog.text) AS key, 'note' FROM "New"."Note" s JOIN pg_temp.dualwrite_legacy WHERE true AND false
SELECT t."Id"::pg_catalog.text AS key, true AS value FROM "Old"."Note" t WHERE now() - '24 hours'::pg_catalog.interval IS NULL

-- 0 line
SELECT s."Id"::pg_catalog.text AS key, 'line' FROM "New"."Line" s JOIN pg_temp.dualwrite_legacy WHERE (s."Live" IS NOT NULL) AND true
SELECT pg_catalog.concat_ws(',', t."Who"::pg_catalog.text, t."Word"::pg_catalog.text, t."Nr"::pg_catalog.text) AS key, true AS value FROM "Old"."Line" t WHERE now() - '24 hours'::pg_catalog.interval IS NULL

-- 1 page
SELECT m."N"::pg_catalog.text, m."O"::pg_catalog.text FROM "Map"."Page Map" m, s
WHERE m."N" = s."Id" AND EXISTS (SELECT FROM dualwrite.outbox o WHERE o.entity = 'page' AND o.ref[1] = m."N"::pg_catalog.text)
SELECT t."Id"::pg_catalog.text AS key, 'page' AS value

-- 1 note
SELECT pg_catalog.concat_ws(',', m."X"::pg_catalog.text, m."Y"::pg_catalog.text), m."O"::pg_catalog.text FROM "Map"."Note Map" m, s
WHERE m."X" = s."ref" AND m."Y" = s."root" AND EXISTS (SELECT FROM dualwrite.outbox o WHERE o.entity = 'note' AND o.ref[1] = m."X"::pg_catalog.text AND o.ref[2] = m."Y"::pg_catalog.text)
SELECT t."Id"::pg_catalog.text AS key, 'note' AS value

-- 2 page
SELECT s."Word"::pg_catalog.text FROM "New"."Word" p WHERE s."Word" = p."Code"
SELECT t."Word"::pg_catalog.text FROM "Old"."Word" p WHERE t."Word" = p."Code"

-- 2 line
SELECT s."Word"::pg_catalog.text FROM "New"."Word" p WHERE s."Word" = p."Code"
SELECT t."Word"::pg_catalog.text FROM "Old"."Word" p WHERE t."Word" = p."Code"

-- 3 page.Name
SELECT "Name"
SELECT t."Name" NOT IN ('here')

-- 3 line.Mood
SELECT "Mood"
SELECT t."Mood" NOT IN ('A')

-- 4 line.Mood
SELECT "Mood" NOT IN ('a')
SELECT 'a'

