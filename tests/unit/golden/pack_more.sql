-- 0 word
SELECT s."Code"::pg_catalog.text AS key, 'word' FROM "New"."Word" s WHERE (s."Gone" IS NULL) AND true;
SELECT t."Code"::pg_catalog.text AS key FROM "Old"."Word" t WHERE true AND now() - '24 hours'::pg_catalog.interval IS NULL

-- 0 page
SELECT s."Id"::pg_catalog.text AS key, 'page' FROM "New"."b" s WHERE coalesce(s."v"::pg_catalog.text IN ('here'), false) AND false;
SELECT t."Id"::pg_catalog.text AS key FROM "Old"."Page" t WHERE NOT coalesce(t."Data"::pg_catalog.text = '{"gone": "it''s"}' AND t."Name" IS NULL, false) AND coalesce(t."Name"::pg_catalog.text IN ('here'), false) AND now() - '24 hours'::pg_catalog.interval IS NULL

-- 0 note
SELECT pg_catalog.concat_ws(',', s."ref"::pg_catalog.text, s."root"::pg_catalog.text) AS key, 'note' FROM "New"."Note" s WHERE true AND false;
SELECT t."Id"::pg_catalog.text AS key FROM "Old"."Note" t WHERE true AND now() - '24 hours'::pg_catalog.interval IS NULL

-- 0 line
SELECT s."Id"::pg_catalog.text AS key, 'line' FROM "New"."Line" s WHERE (s."Live" IS NOT NULL) AND true;
SELECT pg_catalog.concat_ws(',', t."Who"::pg_catalog.text, t."Word"::pg_catalog.text, t."Nr"::pg_catalog.text) AS key FROM "Old"."Line" t WHERE true AND now() - '24 hours'::pg_catalog.interval IS NULL

-- 1 page
SELECT m."N"::pg_catalog.text, m."O"::pg_catalog.text FROM "Map"."Page Map" m, s, t
WHERE m."N" = s."Id" AND m."O" = t."Id"

-- 1 note
SELECT pg_catalog.concat_ws(',', m."X"::pg_catalog.text, m."Y"::pg_catalog.text), m."O"::pg_catalog.text FROM "Map"."Note Map" m, s, t
WHERE m."X" = s."ref" AND m."Y" = s."root" AND m."O" = t."Id"

-- 2 page
SELECT s."Word"::pg_catalog.text, t."Word"::pg_catalog.text FROM "New"."Word" p, "Old"."Word" q
WHERE s."Word" = p."Code" AND t."Word" = p."Code"

-- 2 line
SELECT s."Word"::pg_catalog.text, t."Word"::pg_catalog.text FROM "New"."Word" p, "Old"."Word" q
WHERE s."Word" = p."Code" AND t."Word" = p."Code"

-- 3 page.Name
SELECT t."Name" NOT IN ('here')

-- 3 line.Mood
SELECT t."Mood" NOT IN ('A')

-- 4 line.Mood
SELECT "Mood" NOT IN ('a')

