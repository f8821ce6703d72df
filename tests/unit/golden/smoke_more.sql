-- word: insert
INSERT INTO "New"."Word" AS source ("Code", "Gone") VALUES ('staging-test-shelf-3f9a2c1d', NULL)
RETURNING pg_catalog.array_to_json(ARRAY[source."Code"::pg_catalog.text]::pg_catalog.text[]) AS key, pg_catalog.array_to_json(ARRAY[source."Code"::pg_catalog.text]::pg_catalog.text[]) AS identity



-- word: remove
UPDATE "New"."Word" AS source SET "Gone" = pg_catalog.now() WHERE source."Code" = '7'
RETURNING pg_catalog.array_to_json(ARRAY[source."Code"::pg_catalog.text]::pg_catalog.text[]) AS key, pg_catalog.array_to_json(ARRAY[source."Code"::pg_catalog.text]::pg_catalog.text[]) AS identity



-- word: find
SELECT pg_catalog.array_to_json(ARRAY[source."Code"::pg_catalog.text]::pg_catalog.text[]) AS key, pg_catalog.array_to_json(ARRAY[source."Code"::pg_catalog.text]::pg_catalog.text[]) AS identity

FROM "New"."Word" AS source
WHERE source."Code" = $1::pg_catalog.text


-- word: delete source
DELETE FROM "New"."Word" AS t
WHERE (t."Code") IN (SELECT u.k0::pg_catalog.text FROM ROWS FROM (pg_catalog.unnest($1::pg_catalog.text[])) AS u(k0))


-- word: delete target
DELETE FROM "Old"."Word" AS t
WHERE (t."Code") IN (SELECT u.k0::pg_catalog."varchar" FROM ROWS FROM (pg_catalog.unnest($1::pg_catalog.text[])) AS u(k0))


-- page: insert
INSERT INTO "New"."b" AS source ("Id", "Word", "Slug", "v", "User", "Shelf", "Data") VALUES ((SELECT coalesce(pg_catalog.max(x."Id"), 0) OPERATOR(pg_catalog.+) 1 FROM "New"."b" x), '7', coalesce((SELECT x."Slug" FROM "New"."b" x WHERE x."Slug" IS NOT NULL ORDER BY x."Id" DESC LIMIT 1), 'staging-test-shelf-3f9a2c1d'), 'here', (SELECT x."User" FROM "Look"."Person" x WHERE x."User" IS NOT NULL ORDER BY x."User" LIMIT 1), (SELECT x."Code" FROM "Old"."l" x WHERE x."Code" IS NOT NULL ORDER BY x."Code" LIMIT 1), coalesce((SELECT x."Data" FROM "New"."b" x WHERE x."Data" IS NOT NULL ORDER BY x."Id" DESC LIMIT 1), '{}'))
RETURNING pg_catalog.array_to_json(ARRAY[source."Id"::pg_catalog.text]::pg_catalog.text[]) AS key, pg_catalog.array_to_json(ARRAY[source."Id"::pg_catalog.text]::pg_catalog.text[]) AS identity



-- page: change
UPDATE "New"."b" AS source SET "Slug" = 'Updated by Staging Test Shelf 3f9a2c1d' WHERE source."Id" = '7'
RETURNING pg_catalog.array_to_json(ARRAY[source."Id"::pg_catalog.text]::pg_catalog.text[]) AS key, pg_catalog.array_to_json(ARRAY[source."Id"::pg_catalog.text]::pg_catalog.text[]) AS identity



-- page: remove
DELETE FROM "New"."b" AS source WHERE source."Id" = '7'
RETURNING pg_catalog.array_to_json(ARRAY[source."Id"::pg_catalog.text]::pg_catalog.text[]) AS key, pg_catalog.array_to_json(ARRAY[source."Id"::pg_catalog.text]::pg_catalog.text[]) AS identity



-- page: children
SELECT pg_catalog.array_to_json(ARRAY[source."Id"::pg_catalog.text]::pg_catalog.text[]) AS key, pg_catalog.array_to_json(ARRAY[source."Id"::pg_catalog.text]::pg_catalog.text[]) AS identity

FROM "New"."b" AS source
WHERE source."Word" IN (SELECT u.k::pg_catalog.text FROM unnest($1::pg_catalog.text[]) AS u(k))


-- page: leftovers
SELECT pg_catalog.count(*) AS count, pg_catalog.min(source."Slug"::pg_catalog.text) AS first
FROM "New"."b" AS source
WHERE source."Slug"::pg_catalog.text LIKE $1::pg_catalog.text


-- page: find
SELECT pg_catalog.array_to_json(ARRAY[source."Id"::pg_catalog.text]::pg_catalog.text[]) AS key, pg_catalog.array_to_json(ARRAY[source."Id"::pg_catalog.text]::pg_catalog.text[]) AS identity

FROM "New"."b" AS source
WHERE source."Id" = $1::pg_catalog.int8


-- page: delete source
DELETE FROM "New"."b" AS t
WHERE (t."Id") IN (SELECT u.k0::pg_catalog.int8 FROM ROWS FROM (pg_catalog.unnest($1::pg_catalog.text[])) AS u(k0))


-- page: delete target
DELETE FROM "Old"."Page" AS t
WHERE (t."Id") IN (SELECT u.k0::pg_catalog.int8 FROM ROWS FROM (pg_catalog.unnest($1::pg_catalog.text[])) AS u(k0))


-- page: delete map
DELETE FROM "Map"."Page Map" AS t
WHERE (t."N") IN (SELECT u.k0::pg_catalog.int8 FROM ROWS FROM (pg_catalog.unnest($1::pg_catalog.text[])) AS u(k0))


-- note: insert
INSERT INTO "New"."Note" AS source ("ref", "root", "Body") VALUES ((SELECT coalesce(pg_catalog.max(x."ref"), 0) OPERATOR(pg_catalog.+) 1 FROM "New"."Note" x), 'staging-test-shelf-3f9a2c1d', 'Staging Test Shelf 3f9a2c1d')
RETURNING pg_catalog.array_to_json(ARRAY[source."ref"::pg_catalog.text, source."root"::pg_catalog.text]::pg_catalog.text[]) AS key, pg_catalog.array_to_json(ARRAY[source."ref"::pg_catalog.text, source."root"::pg_catalog.text]::pg_catalog.text[]) AS identity



-- note: remove
DELETE FROM "New"."Note" AS source WHERE source."ref" = '7' AND source."root" = '8'
RETURNING pg_catalog.array_to_json(ARRAY[source."ref"::pg_catalog.text, source."root"::pg_catalog.text]::pg_catalog.text[]) AS key, pg_catalog.array_to_json(ARRAY[source."ref"::pg_catalog.text, source."root"::pg_catalog.text]::pg_catalog.text[]) AS identity



-- note: leftovers
SELECT pg_catalog.count(*) AS count, pg_catalog.min(source."Body"::pg_catalog.text) AS first
FROM "New"."Note" AS source
WHERE source."Body"::pg_catalog.text LIKE $1::pg_catalog.text


-- note: find
SELECT pg_catalog.array_to_json(ARRAY[source."ref"::pg_catalog.text, source."root"::pg_catalog.text]::pg_catalog.text[]) AS key, pg_catalog.array_to_json(ARRAY[source."ref"::pg_catalog.text, source."root"::pg_catalog.text]::pg_catalog.text[]) AS identity

FROM "New"."Note" AS source
WHERE source."ref" = $1::pg_catalog.int4


-- note: delete source
DELETE FROM "New"."Note" AS t
WHERE (t."ref", t."root") IN (SELECT u.k0::pg_catalog.int4, u.k1::pg_catalog.text FROM ROWS FROM (pg_catalog.unnest($1::pg_catalog.text[]), pg_catalog.unnest($2::pg_catalog.text[])) AS u(k0, k1))


-- note: delete target
DELETE FROM "Old"."Note" AS t
WHERE (t."Id") IN (SELECT u.k0::pg_catalog.uuid FROM ROWS FROM (pg_catalog.unnest($1::pg_catalog.text[])) AS u(k0))


-- note: delete map
DELETE FROM "Map"."Note Map" AS t
WHERE (t."X", t."Y") IN (SELECT u.k0::pg_catalog.int4, u.k1::pg_catalog."varchar" FROM ROWS FROM (pg_catalog.unnest($1::pg_catalog.text[]), pg_catalog.unnest($2::pg_catalog.text[])) AS u(k0, k1))


-- line: insert
INSERT INTO "New"."Line" AS source ("Id", "Word", "Nr", "User", "Mood", "Live", "Changed") VALUES ((SELECT coalesce(pg_catalog.max(x."Id"), 0) OPERATOR(pg_catalog.+) 1 FROM "New"."Line" x), '7', coalesce((SELECT x."Nr" FROM "New"."Line" x WHERE x."Nr" IS NOT NULL ORDER BY x."Id" DESC LIMIT 1), 1), (SELECT x."Nr" FROM "Old"."Person" x WHERE x."Nr" IS NOT NULL ORDER BY x."Nr" LIMIT 1), 'a', pg_catalog.now(), pg_catalog.now())
RETURNING pg_catalog.array_to_json(ARRAY[source."Id"::pg_catalog.text]::pg_catalog.text[]) AS key, pg_catalog.array_to_json(ARRAY[source."User"::pg_catalog.text, source."Word"::pg_catalog.text, source."Nr"::pg_catalog.text]::pg_catalog.text[]) AS identity



-- line: remove
DELETE FROM "New"."Line" AS source WHERE source."Id" = '7'
RETURNING pg_catalog.array_to_json(ARRAY[source."Id"::pg_catalog.text]::pg_catalog.text[]) AS key, pg_catalog.array_to_json(ARRAY[source."User"::pg_catalog.text, source."Word"::pg_catalog.text, source."Nr"::pg_catalog.text]::pg_catalog.text[]) AS identity



-- line: children
SELECT pg_catalog.array_to_json(ARRAY[source."Id"::pg_catalog.text]::pg_catalog.text[]) AS key, pg_catalog.array_to_json(ARRAY[source."User"::pg_catalog.text, source."Word"::pg_catalog.text, source."Nr"::pg_catalog.text]::pg_catalog.text[]) AS identity

FROM "New"."Line" AS source
WHERE source."Word" IN (SELECT u.k::pg_catalog.text FROM unnest($1::pg_catalog.text[]) AS u(k))


-- line: find
SELECT pg_catalog.array_to_json(ARRAY[source."Id"::pg_catalog.text]::pg_catalog.text[]) AS key, pg_catalog.array_to_json(ARRAY[source."User"::pg_catalog.text, source."Word"::pg_catalog.text, source."Nr"::pg_catalog.text]::pg_catalog.text[]) AS identity

FROM "New"."Line" AS source
WHERE source."Id" = $1::pg_catalog.int8


-- line: delete source
DELETE FROM "New"."Line" AS t
WHERE (t."Id") IN (SELECT u.k0::pg_catalog.int8 FROM ROWS FROM (pg_catalog.unnest($1::pg_catalog.text[])) AS u(k0))


-- line: delete target
DELETE FROM "Old"."Line" AS t
WHERE (t."Who", t."Word", t."Nr") IN (SELECT u.k0::pg_catalog.bpchar, u.k1::pg_catalog."varchar", u.k2::pg_catalog.int2 FROM ROWS FROM (pg_catalog.unnest($1::pg_catalog.text[]), pg_catalog.unnest($2::pg_catalog.text[]), pg_catalog.unnest($3::pg_catalog.text[])) AS u(k0, k1, k2))


