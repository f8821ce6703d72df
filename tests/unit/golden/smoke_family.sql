-- org: insert
INSERT INTO "New"."Org" AS source ("Id", "Name") VALUES (pg_catalog.gen_random_uuid(), 'Staging Test Shelf 3f9a2c1d')
RETURNING pg_catalog.array_to_json(ARRAY[source."Id"::pg_catalog.text]::pg_catalog.text[]) AS key, pg_catalog.array_to_json(ARRAY[source."Id"::pg_catalog.text]::pg_catalog.text[]) AS identity



-- org: remove
DELETE FROM "New"."Org" AS source WHERE source."Id" = '7'
RETURNING pg_catalog.array_to_json(ARRAY[source."Id"::pg_catalog.text]::pg_catalog.text[]) AS key, pg_catalog.array_to_json(ARRAY[source."Id"::pg_catalog.text]::pg_catalog.text[]) AS identity



-- org: leftovers
SELECT pg_catalog.count(*) AS count, pg_catalog.min(source."Name"::pg_catalog.text) AS first
FROM "New"."Org" AS source
WHERE source."Name"::pg_catalog.text LIKE $1::pg_catalog.text


-- org: find
SELECT pg_catalog.array_to_json(ARRAY[source."Id"::pg_catalog.text]::pg_catalog.text[]) AS key, pg_catalog.array_to_json(ARRAY[source."Id"::pg_catalog.text]::pg_catalog.text[]) AS identity

FROM "New"."Org" AS source
WHERE source."Id" = $1::pg_catalog.uuid


-- org: delete source
DELETE FROM "New"."Org" AS t
WHERE (t."Id") IN (SELECT u.k0::pg_catalog.uuid FROM ROWS FROM (pg_catalog.unnest($1::pg_catalog.text[])) AS u(k0))


-- org: delete target
DELETE FROM "Old"."O""rg" AS t
WHERE (t."Id") IN (SELECT u.k0::pg_catalog.int8 FROM ROWS FROM (pg_catalog.unnest($1::pg_catalog.text[])) AS u(k0))


-- org: delete map
DELETE FROM "Map"."Org Map" AS t
WHERE (t."New Id") IN (SELECT u.k0::pg_catalog.uuid FROM ROWS FROM (pg_catalog.unnest($1::pg_catalog.text[])) AS u(k0))


-- group: insert
INSERT INTO "New"."Group" AS source ("Id", "Org Id", "Kind", "Sort", "Made", "Extra", "State", "Other") VALUES ((SELECT coalesce(pg_catalog.max(x."Id"), 0) OPERATOR(pg_catalog.+) 1 FROM "New"."Group" x), '7', '1', coalesce((SELECT x."Sort" FROM "New"."Group" x WHERE x."Sort" IS NOT NULL ORDER BY x."Id" DESC LIMIT 1), 'staging-test-shelf-3f9a2c1d'), pg_catalog.now(), coalesce((SELECT x."Extra" FROM "New"."Group" x WHERE x."Extra" IS NOT NULL ORDER BY x."Id" DESC LIMIT 1), '{}'), 'up', coalesce((SELECT x."Other" FROM "New"."Group" x WHERE x."Other" IS NOT NULL ORDER BY x."Id" DESC LIMIT 1), 'staging-test-shelf-3f9a2c1d'))
RETURNING pg_catalog.array_to_json(ARRAY[source."Id"::pg_catalog.text]::pg_catalog.text[]) AS key, pg_catalog.array_to_json(ARRAY[source."Id"::pg_catalog.text]::pg_catalog.text[]) AS identity



-- group: remove
DELETE FROM "New"."Group" AS source WHERE source."Id" = '7'
RETURNING pg_catalog.array_to_json(ARRAY[source."Id"::pg_catalog.text]::pg_catalog.text[]) AS key, pg_catalog.array_to_json(ARRAY[source."Id"::pg_catalog.text]::pg_catalog.text[]) AS identity



-- group: children
SELECT pg_catalog.array_to_json(ARRAY[source."Id"::pg_catalog.text]::pg_catalog.text[]) AS key, pg_catalog.array_to_json(ARRAY[source."Id"::pg_catalog.text]::pg_catalog.text[]) AS identity

FROM "New"."Group" AS source
WHERE source."Org Id" IN (SELECT u.k::pg_catalog.uuid FROM unnest($1::pg_catalog.text[]) AS u(k))


-- group: find
SELECT pg_catalog.array_to_json(ARRAY[source."Id"::pg_catalog.text]::pg_catalog.text[]) AS key, pg_catalog.array_to_json(ARRAY[source."Id"::pg_catalog.text]::pg_catalog.text[]) AS identity

FROM "New"."Group" AS source
WHERE source."Id" = $1::pg_catalog.int8


-- group: delete source
DELETE FROM "New"."Group" AS t
WHERE (t."Id") IN (SELECT u.k0::pg_catalog.int8 FROM ROWS FROM (pg_catalog.unnest($1::pg_catalog.text[])) AS u(k0))


-- group: delete target
DELETE FROM "Old"."Group" AS t
WHERE (t."Id") IN (SELECT u.k0::pg_catalog.int8 FROM ROWS FROM (pg_catalog.unnest($1::pg_catalog.text[])) AS u(k0))


-- group: delete map
DELETE FROM "Map"."Group Map" AS t
WHERE (t."N") IN (SELECT u.k0::pg_catalog.int8 FROM ROWS FROM (pg_catalog.unnest($1::pg_catalog.text[])) AS u(k0))


-- seat: insert
INSERT INTO "New"."Seat" AS source ("A", "B", "Group", "Account", "State", "Changed") VALUES ((SELECT coalesce(pg_catalog.max(x."A"), 0) OPERATOR(pg_catalog.+) 1 FROM "New"."Seat" x), 'staging-test-shelf-3f9a2c1d', '7', coalesce((SELECT x."Account" FROM "New"."Seat" x WHERE x."Account" IS NOT NULL ORDER BY x."A" DESC, x."B" DESC LIMIT 1), 1), 'it''s', pg_catalog.now())
RETURNING pg_catalog.array_to_json(ARRAY[source."A"::pg_catalog.text, source."B"::pg_catalog.text]::pg_catalog.text[]) AS key, pg_catalog.array_to_json(ARRAY[source."Account"::pg_catalog.text, source."Group"::pg_catalog.text]::pg_catalog.text[]) AS identity



-- seat: remove
DELETE FROM "New"."Seat" AS source WHERE source."A" = '7' AND source."B" = '8'
RETURNING pg_catalog.array_to_json(ARRAY[source."A"::pg_catalog.text, source."B"::pg_catalog.text]::pg_catalog.text[]) AS key, pg_catalog.array_to_json(ARRAY[source."Account"::pg_catalog.text, source."Group"::pg_catalog.text]::pg_catalog.text[]) AS identity



-- seat: children
SELECT pg_catalog.array_to_json(ARRAY[source."A"::pg_catalog.text, source."B"::pg_catalog.text]::pg_catalog.text[]) AS key, pg_catalog.array_to_json(ARRAY[source."Account"::pg_catalog.text, source."Group"::pg_catalog.text]::pg_catalog.text[]) AS identity

FROM "New"."Seat" AS source
WHERE source."Group" IN (SELECT u.k::pg_catalog.int8 FROM unnest($1::pg_catalog.text[]) AS u(k))


-- seat: find
SELECT pg_catalog.array_to_json(ARRAY[source."A"::pg_catalog.text, source."B"::pg_catalog.text]::pg_catalog.text[]) AS key, pg_catalog.array_to_json(ARRAY[source."Account"::pg_catalog.text, source."Group"::pg_catalog.text]::pg_catalog.text[]) AS identity

FROM "New"."Seat" AS source
WHERE source."A" = $1::pg_catalog.int4


-- seat: delete source
DELETE FROM "New"."Seat" AS t
WHERE (t."A", t."B") IN (SELECT u.k0::pg_catalog.int4, u.k1::pg_catalog.text FROM ROWS FROM (pg_catalog.unnest($1::pg_catalog.text[]), pg_catalog.unnest($2::pg_catalog.text[])) AS u(k0, k1))


-- seat: delete target
DELETE FROM "Old"."Seat" AS t
WHERE (t."User", t."G") IN (SELECT u.k0::pg_catalog.int4, u.k1::pg_catalog.int8 FROM ROWS FROM (pg_catalog.unnest($1::pg_catalog.text[]), pg_catalog.unnest($2::pg_catalog.text[])) AS u(k0, k1))


-- tag: insert
INSERT INTO "New"."Tag" AS source ("Id", "Code", "Label") VALUES ((SELECT coalesce(pg_catalog.max(x."Id"), 0) OPERATOR(pg_catalog.+) 1 FROM "New"."Tag" x), 'staging-test-shelf-3f9a2c1d', 'Staging Test Shelf 3f9a2c1d')
RETURNING pg_catalog.array_to_json(ARRAY[source."Id"::pg_catalog.text]::pg_catalog.text[]) AS key, pg_catalog.array_to_json(ARRAY[source."Code"::pg_catalog.text]::pg_catalog.text[]) AS identity



-- tag: remove
DELETE FROM "New"."Tag" AS source WHERE source."Id" = '7'
RETURNING pg_catalog.array_to_json(ARRAY[source."Id"::pg_catalog.text]::pg_catalog.text[]) AS key, pg_catalog.array_to_json(ARRAY[source."Code"::pg_catalog.text]::pg_catalog.text[]) AS identity



-- tag: leftovers
SELECT pg_catalog.count(*) AS count, pg_catalog.min(source."Label"::pg_catalog.text) AS first
FROM "New"."Tag" AS source
WHERE source."Label"::pg_catalog.text LIKE $1::pg_catalog.text


-- tag: find
SELECT pg_catalog.array_to_json(ARRAY[source."Id"::pg_catalog.text]::pg_catalog.text[]) AS key, pg_catalog.array_to_json(ARRAY[source."Code"::pg_catalog.text]::pg_catalog.text[]) AS identity

FROM "New"."Tag" AS source
WHERE source."Id" = $1::pg_catalog.int8


-- tag: delete source
DELETE FROM "New"."Tag" AS t
WHERE (t."Id") IN (SELECT u.k0::pg_catalog.int8 FROM ROWS FROM (pg_catalog.unnest($1::pg_catalog.text[])) AS u(k0))


-- tag: delete target
DELETE FROM "Old"."Tag" AS t
WHERE (t."Code") IN (SELECT u.k0::pg_catalog."varchar" FROM ROWS FROM (pg_catalog.unnest($1::pg_catalog.text[])) AS u(k0))


