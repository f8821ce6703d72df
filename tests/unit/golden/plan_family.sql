-- org: reserve (write)
WITH reserved AS MATERIALIZED (
    SELECT s.i0, (nextval('"Old"."Org Seq"'::regclass))::pg_catalog.int8 AS key, (s.c0)::pg_catalog.text AS v0, ('it''s')::pg_catalog.text AS v1
    FROM (SELECT u.i0::pg_catalog.uuid AS i0, u.removal, u.n FROM unnest($1::pg_catalog.text[], $2::pg_catalog.bool[]) WITH ORDINALITY AS u(i0, removal, n)) w
    JOIN LATERAL (SELECT "Id" AS k0, "Id" AS i0, true AS present, "Id" AS latest, pg_catalog.left(("Name")::pg_catalog.text, 20)::pg_catalog."varchar" AS c0, (pg_catalog.now())::pg_catalog.timestamptz AS c1 FROM "New"."Org" WHERE "Id" = w.i0) s ON true
    WHERE s.present AND NOT EXISTS (SELECT FROM "Map"."Org Map" m WHERE m."New Id" = s.i0)
)
INSERT INTO "Map"."Org Map" ("New Id", "Old Id", "Title", "By", "Seen")
SELECT r.i0,
       coalesce((SELECT dualwrite.key_taken('Old', 'O"rg', 'Id', t."Id") FROM "Old"."O""rg" t
                 WHERE t."Id" = r.key LIMIT 1), r.key), r.v0, r.v1, false
FROM reserved r
ON CONFLICT ("New Id") DO NOTHING


-- org: upsert (write)
INSERT INTO "Old"."O""rg" AS t ("Id", "Title", "At") OVERRIDING SYSTEM VALUE
SELECT e.mk, e.c0, e.c1
FROM (SELECT DISTINCT ON (w.n) s.present, t."Id" IS NOT NULL AS there, m."Old Id" AS mk, s.c0 AS c0, s.c1 AS c1
      FROM (SELECT u.i0::pg_catalog.uuid AS i0, u.removal, u.n FROM unnest($1::pg_catalog.text[], $2::pg_catalog.bool[]) WITH ORDINALITY AS u(i0, removal, n)) w
      JOIN LATERAL (SELECT "Id" AS k0, "Id" AS i0, true AS present, "Id" AS latest, pg_catalog.left(("Name")::pg_catalog.text, 20)::pg_catalog."varchar" AS c0, (pg_catalog.now())::pg_catalog.timestamptz AS c1 FROM "New"."Org" WHERE "Id" = w.i0) s ON true
      JOIN "Map"."Org Map" m ON m."New Id" = s.i0 
      LEFT JOIN "Old"."O""rg" t ON t."Id" = m."Old Id"
      ORDER BY w.n, s.present DESC, s.latest DESC NULLS LAST, s.k0 DESC) e
WHERE e.present
ON CONFLICT ("Id") DO UPDATE SET "Title" = excluded."Title", "At" = excluded."At" WHERE ROW(t."Title")::pg_catalog.record OPERATOR(pg_catalog.*<>) ROW(excluded."Title")::pg_catalog.record


-- org: verify (verify)
WITH checked AS (
    SELECT w.n, w.i0 AS source_key, s.k0 IS NOT NULL AS found, coalesce(s.present, false) AS wanted_row,
           t."Id" IS NOT NULL AS shadow, coalesce(t."Title" IS NOT DISTINCT FROM (s.c0), false) AS equal,
           m."Old Id"::pg_catalog.text AS target_key
    FROM (SELECT u.i0::pg_catalog.uuid AS i0, u.removal, u.n FROM unnest($1::pg_catalog.text[], $2::pg_catalog.bool[]) WITH ORDINALITY AS u(i0, removal, n)) w
    LEFT JOIN LATERAL (SELECT * FROM (SELECT "Id" AS k0, "Id" AS i0, true AS present, "Id" AS latest, pg_catalog.left(("Name")::pg_catalog.text, 20)::pg_catalog."varchar" AS c0, (pg_catalog.now())::pg_catalog.timestamptz AS c1 FROM "New"."Org" WHERE "Id" = w.i0) s
                       ORDER BY s.present DESC, s.latest DESC NULLS LAST, s.k0 DESC LIMIT 1) s ON true
    LEFT JOIN "Map"."Org Map" m ON m."New Id" = w.i0 
    LEFT JOIN "Old"."O""rg" t ON t."Id" = m."Old Id"
), marked AS (
    UPDATE "Map"."Org Map" AS noted SET "Seen" = c.equal FROM checked c
    WHERE noted."New Id" = c.source_key AND c.found AND c.shadow AND noted."Seen" IS DISTINCT FROM c.equal
)

SELECT n, found, wanted_row, shadow, equal, target_key FROM checked


-- org: resync
WITH chunk AS (
    SELECT n."Id", ARRAY[n."Id"::pg_catalog.text] AS ref, n."Id"::text AS root
    FROM "New"."Org" n
    WHERE $1::text[] IS NULL OR (n."Id") > (($1::pg_catalog.text[])[1]::pg_catalog.uuid)
    ORDER BY n."Id" LIMIT $2::integer
), queued AS (
    INSERT INTO dualwrite.outbox (bucket, entity, operation, ref)
    SELECT coalesce(hashtextextended(c.root, 0) & 1023, 0), 'org', 'org_u', c.ref FROM chunk c
    RETURNING 1
)
SELECT (SELECT count(*) FROM queued) AS queued,
       (SELECT ARRAY[n."Id"::pg_catalog.text] FROM chunk n ORDER BY n."Id" DESC LIMIT 1) AS position


-- group: parent reserve (write)
WITH reserved AS MATERIALIZED (
    SELECT s.i0, (nextval('"Old"."Org Seq"'::regclass))::pg_catalog.int8 AS key, (s.c0)::pg_catalog.text AS v0, ('it''s')::pg_catalog.text AS v1
    FROM (SELECT d.i0, false AS removal, row_number() OVER () AS n
FROM (SELECT DISTINCT s.p0::pg_catalog.text::pg_catalog.uuid AS i0
      FROM (SELECT u.i0::pg_catalog.int8 AS i0, u.removal, u.n FROM unnest($1::pg_catalog.text[], $2::pg_catalog.bool[]) WITH ORDINALITY AS u(i0, removal, n)) w JOIN LATERAL (SELECT "Id" AS k0, "Id" AS i0, "Org Id" AS p0, coalesce("State"::pg_catalog.text IN ('up', '1'), false) AS present, "Id" AS latest, (CASE WHEN "Kind" IS NULL THEN NULL WHEN "Kind"::pg_catalog.text = '1' THEN 'one' WHEN "Kind"::pg_catalog.text = '2' THEN NULL ELSE dualwrite.unmapped('group.Kind', "Kind"::pg_catalog.text) END)::pg_catalog.text AS c0, pg_catalog.left((CASE WHEN (lower("Sort") -- of the row
) IS NULL THEN NULL WHEN (lower("Sort") -- of the row
)::pg_catalog.text = 'a' THEN 'A' ELSE NULL END)::pg_catalog.text, 3)::pg_catalog.bpchar AS c1, ("Made")::pg_catalog.date AS c2, (pg_catalog.now())::pg_catalog.timestamptz AS c3, ("Extra")::pg_catalog.json AS c4, ('true')::pg_catalog.bool AS c5 FROM "New"."Group" WHERE "Id" = w.i0) s ON true) d
WHERE NOT EXISTS (SELECT FROM "Map"."Org Map" m JOIN "Old"."O""rg" t ON t."Id" = m."Old Id" WHERE m."New Id" = d.i0)
) w
    JOIN LATERAL (SELECT "Id" AS k0, "Id" AS i0, true AS present, "Id" AS latest, pg_catalog.left(("Name")::pg_catalog.text, 20)::pg_catalog."varchar" AS c0, (pg_catalog.now())::pg_catalog.timestamptz AS c1 FROM "New"."Org" WHERE "Id" = w.i0) s ON true
    WHERE true AND NOT EXISTS (SELECT FROM "Map"."Org Map" m WHERE m."New Id" = s.i0)
)
INSERT INTO "Map"."Org Map" ("New Id", "Old Id", "Title", "By", "Seen")
SELECT r.i0,
       coalesce((SELECT dualwrite.key_taken('Old', 'O"rg', 'Id', t."Id") FROM "Old"."O""rg" t
                 WHERE t."Id" = r.key LIMIT 1), r.key), r.v0, r.v1, false
FROM reserved r
ON CONFLICT ("New Id") DO NOTHING


-- group: parent upsert (write)
INSERT INTO "Old"."O""rg" AS t ("Id", "Title", "At") OVERRIDING SYSTEM VALUE
SELECT e.mk, e.c0, e.c1
FROM (SELECT DISTINCT ON (w.n) s.present, t."Id" IS NOT NULL AS there, m."Old Id" AS mk, s.c0 AS c0, s.c1 AS c1
      FROM (SELECT d.i0, false AS removal, row_number() OVER () AS n
FROM (SELECT DISTINCT s.p0::pg_catalog.text::pg_catalog.uuid AS i0
      FROM (SELECT u.i0::pg_catalog.int8 AS i0, u.removal, u.n FROM unnest($1::pg_catalog.text[], $2::pg_catalog.bool[]) WITH ORDINALITY AS u(i0, removal, n)) w JOIN LATERAL (SELECT "Id" AS k0, "Id" AS i0, "Org Id" AS p0, coalesce("State"::pg_catalog.text IN ('up', '1'), false) AS present, "Id" AS latest, (CASE WHEN "Kind" IS NULL THEN NULL WHEN "Kind"::pg_catalog.text = '1' THEN 'one' WHEN "Kind"::pg_catalog.text = '2' THEN NULL ELSE dualwrite.unmapped('group.Kind', "Kind"::pg_catalog.text) END)::pg_catalog.text AS c0, pg_catalog.left((CASE WHEN (lower("Sort") -- of the row
) IS NULL THEN NULL WHEN (lower("Sort") -- of the row
)::pg_catalog.text = 'a' THEN 'A' ELSE NULL END)::pg_catalog.text, 3)::pg_catalog.bpchar AS c1, ("Made")::pg_catalog.date AS c2, (pg_catalog.now())::pg_catalog.timestamptz AS c3, ("Extra")::pg_catalog.json AS c4, ('true')::pg_catalog.bool AS c5 FROM "New"."Group" WHERE "Id" = w.i0) s ON true) d
WHERE NOT EXISTS (SELECT FROM "Map"."Org Map" m JOIN "Old"."O""rg" t ON t."Id" = m."Old Id" WHERE m."New Id" = d.i0)
) w
      JOIN LATERAL (SELECT "Id" AS k0, "Id" AS i0, true AS present, "Id" AS latest, pg_catalog.left(("Name")::pg_catalog.text, 20)::pg_catalog."varchar" AS c0, (pg_catalog.now())::pg_catalog.timestamptz AS c1 FROM "New"."Org" WHERE "Id" = w.i0) s ON true
      JOIN "Map"."Org Map" m ON m."New Id" = s.i0 
      LEFT JOIN "Old"."O""rg" t ON t."Id" = m."Old Id"
      ORDER BY w.n, s.present DESC, s.latest DESC NULLS LAST, s.k0 DESC) e
WHERE true
ON CONFLICT ("Id") DO UPDATE SET "Title" = excluded."Title", "At" = excluded."At" WHERE ROW(t."Title")::pg_catalog.record OPERATOR(pg_catalog.*<>) ROW(excluded."Title")::pg_catalog.record


-- group: parent verify (write)
WITH checked AS (
    SELECT w.n, w.i0 AS source_key, s.k0 IS NOT NULL AS found, coalesce(s.present, false) AS wanted_row,
           t."Id" IS NOT NULL AS shadow, coalesce(t."Title" IS NOT DISTINCT FROM (s.c0), false) AS equal,
           m."Old Id"::pg_catalog.text AS target_key
    FROM (SELECT d.i0, false AS removal, row_number() OVER () AS n
FROM (SELECT DISTINCT s.p0::pg_catalog.text::pg_catalog.uuid AS i0
      FROM (SELECT u.i0::pg_catalog.int8 AS i0, u.removal, u.n FROM unnest($1::pg_catalog.text[], $2::pg_catalog.bool[]) WITH ORDINALITY AS u(i0, removal, n)) w JOIN LATERAL (SELECT "Id" AS k0, "Id" AS i0, "Org Id" AS p0, coalesce("State"::pg_catalog.text IN ('up', '1'), false) AS present, "Id" AS latest, (CASE WHEN "Kind" IS NULL THEN NULL WHEN "Kind"::pg_catalog.text = '1' THEN 'one' WHEN "Kind"::pg_catalog.text = '2' THEN NULL ELSE dualwrite.unmapped('group.Kind', "Kind"::pg_catalog.text) END)::pg_catalog.text AS c0, pg_catalog.left((CASE WHEN (lower("Sort") -- of the row
) IS NULL THEN NULL WHEN (lower("Sort") -- of the row
)::pg_catalog.text = 'a' THEN 'A' ELSE NULL END)::pg_catalog.text, 3)::pg_catalog.bpchar AS c1, ("Made")::pg_catalog.date AS c2, (pg_catalog.now())::pg_catalog.timestamptz AS c3, ("Extra")::pg_catalog.json AS c4, ('true')::pg_catalog.bool AS c5 FROM "New"."Group" WHERE "Id" = w.i0) s ON true) d
WHERE EXISTS (SELECT FROM "Map"."Org Map" m WHERE m."New Id" = d.i0 AND m."Seen" IS DISTINCT FROM true)
) w
    LEFT JOIN LATERAL (SELECT * FROM (SELECT "Id" AS k0, "Id" AS i0, true AS present, "Id" AS latest, pg_catalog.left(("Name")::pg_catalog.text, 20)::pg_catalog."varchar" AS c0, (pg_catalog.now())::pg_catalog.timestamptz AS c1 FROM "New"."Org" WHERE "Id" = w.i0) s
                       ORDER BY s.present DESC, s.latest DESC NULLS LAST, s.k0 DESC LIMIT 1) s ON true
    LEFT JOIN "Map"."Org Map" m ON m."New Id" = w.i0 
    LEFT JOIN "Old"."O""rg" t ON t."Id" = m."Old Id"
), marked AS (
    UPDATE "Map"."Org Map" AS noted SET "Seen" = c.equal FROM checked c
    WHERE noted."New Id" = c.source_key AND c.found AND c.shadow AND noted."Seen" IS DISTINCT FROM c.equal
)

SELECT n, found, wanted_row, shadow, equal, target_key FROM checked


-- group: reserve (write)
WITH reserved AS MATERIALIZED (
    SELECT s.i0, (old_group_id())::pg_catalog.int8 AS key
    FROM (SELECT u.i0::pg_catalog.int8 AS i0, u.removal, u.n FROM unnest($1::pg_catalog.text[], $2::pg_catalog.bool[]) WITH ORDINALITY AS u(i0, removal, n)) w
    JOIN LATERAL (SELECT "Id" AS k0, "Id" AS i0, "Org Id" AS p0, coalesce("State"::pg_catalog.text IN ('up', '1'), false) AS present, "Id" AS latest, (CASE WHEN "Kind" IS NULL THEN NULL WHEN "Kind"::pg_catalog.text = '1' THEN 'one' WHEN "Kind"::pg_catalog.text = '2' THEN NULL ELSE dualwrite.unmapped('group.Kind', "Kind"::pg_catalog.text) END)::pg_catalog.text AS c0, pg_catalog.left((CASE WHEN (lower("Sort") -- of the row
) IS NULL THEN NULL WHEN (lower("Sort") -- of the row
)::pg_catalog.text = 'a' THEN 'A' ELSE NULL END)::pg_catalog.text, 3)::pg_catalog.bpchar AS c1, ("Made")::pg_catalog.date AS c2, (pg_catalog.now())::pg_catalog.timestamptz AS c3, ("Extra")::pg_catalog.json AS c4, ('true')::pg_catalog.bool AS c5 FROM "New"."Group" WHERE "Id" = w.i0) s ON true
    WHERE s.present AND NOT EXISTS (SELECT FROM "Map"."Group Map" m WHERE m."N" = s.i0)
)
INSERT INTO "Map"."Group Map" ("N", "O")
SELECT r.i0,
       coalesce((SELECT dualwrite.key_taken('Old', 'Group', 'Id', t."Id") FROM "Old"."Group" t
                 WHERE t."Id" = r.key LIMIT 1), r.key)
FROM reserved r



-- group: upsert (write)
INSERT INTO "Old"."Group" AS t ("Id", "O", "Kind", "Sort", "Made", "Stamp", "Extra", "Alive") OVERRIDING SYSTEM VALUE
SELECT e.mk, e.pk, e.c0, e.c1, e.c2, e.c3, e.c4, e.c5
FROM (SELECT DISTINCT ON (w.n) s.present, t."Id" IS NOT NULL AS there, m."O" AS mk, p."Old Id" AS pk, CASE WHEN s.present THEN s.c0 ELSE NULL::pg_catalog.text END AS c0, s.c1 AS c1, s.c2 AS c2, s.c3 AS c3, s.c4 AS c4, CASE WHEN s.present THEN s.c5 ELSE 'false'::pg_catalog.bool END AS c5
      FROM (SELECT u.i0::pg_catalog.int8 AS i0, u.removal, u.n FROM unnest($1::pg_catalog.text[], $2::pg_catalog.bool[]) WITH ORDINALITY AS u(i0, removal, n)) w
      JOIN LATERAL (SELECT "Id" AS k0, "Id" AS i0, "Org Id" AS p0, coalesce("State"::pg_catalog.text IN ('up', '1'), false) AS present, "Id" AS latest, (CASE WHEN "Kind" IS NULL THEN NULL WHEN "Kind"::pg_catalog.text = '1' THEN 'one' WHEN "Kind"::pg_catalog.text = '2' THEN NULL ELSE dualwrite.unmapped('group.Kind', "Kind"::pg_catalog.text) END)::pg_catalog.text AS c0, pg_catalog.left((CASE WHEN (lower("Sort") -- of the row
) IS NULL THEN NULL WHEN (lower("Sort") -- of the row
)::pg_catalog.text = 'a' THEN 'A' ELSE NULL END)::pg_catalog.text, 3)::pg_catalog.bpchar AS c1, ("Made")::pg_catalog.date AS c2, (pg_catalog.now())::pg_catalog.timestamptz AS c3, ("Extra")::pg_catalog.json AS c4, ('true')::pg_catalog.bool AS c5 FROM "New"."Group" WHERE "Id" = w.i0) s ON true
      JOIN "Map"."Group Map" m ON m."N" = s.i0 JOIN "Map"."Org Map" p ON p."New Id" = s.p0 
      LEFT JOIN "Old"."Group" t ON t."Id" = m."O"
      ORDER BY w.n, s.present DESC, s.latest DESC NULLS LAST, s.k0 DESC) e
WHERE (e.present OR e.there)
ON CONFLICT ("Id") DO UPDATE SET "Kind" = excluded."Kind", "Sort" = excluded."Sort", "Extra" = excluded."Extra", "Alive" = excluded."Alive", "O" = excluded."O" WHERE ROW(t."Kind", t."Sort", t."Extra", t."Alive", t."O")::pg_catalog.record OPERATOR(pg_catalog.*<>) ROW(excluded."Kind", excluded."Sort", excluded."Extra", excluded."Alive", excluded."O")::pg_catalog.record


-- group: remove (remove)
UPDATE "Old"."Group" AS t SET "Alive" = 'false'::pg_catalog.bool, "Kind" = NULL::pg_catalog.text
FROM (SELECT u.i0::pg_catalog.int8 AS i0, u.removal, u.n FROM unnest($1::pg_catalog.text[], $2::pg_catalog.bool[]) WITH ORDINALITY AS u(i0, removal, n)) w JOIN "Map"."Group Map" m ON m."N" = w.i0 
WHERE t."Id" = m."O" AND w.removal
  AND NOT EXISTS (SELECT FROM (SELECT "Id" AS k0, "Id" AS i0, "Org Id" AS p0, coalesce("State"::pg_catalog.text IN ('up', '1'), false) AS present, "Id" AS latest, (CASE WHEN "Kind" IS NULL THEN NULL WHEN "Kind"::pg_catalog.text = '1' THEN 'one' WHEN "Kind"::pg_catalog.text = '2' THEN NULL ELSE dualwrite.unmapped('group.Kind', "Kind"::pg_catalog.text) END)::pg_catalog.text AS c0, pg_catalog.left((CASE WHEN (lower("Sort") -- of the row
) IS NULL THEN NULL WHEN (lower("Sort") -- of the row
)::pg_catalog.text = 'a' THEN 'A' ELSE NULL END)::pg_catalog.text, 3)::pg_catalog.bpchar AS c1, ("Made")::pg_catalog.date AS c2, (pg_catalog.now())::pg_catalog.timestamptz AS c3, ("Extra")::pg_catalog.json AS c4, ('true')::pg_catalog.bool AS c5 FROM "New"."Group" WHERE "Id" = w.i0) s)
  AND ROW(t."Alive", t."Kind")::pg_catalog.record OPERATOR(pg_catalog.*<>) ROW('false'::pg_catalog.bool, NULL::pg_catalog.text)::pg_catalog.record


-- group: verify (verify)
WITH checked AS (
    SELECT w.n, w.i0 AS source_key, s.k0 IS NOT NULL AS found, s.k0 IS NOT NULL AND (s.present OR t."Id" IS NOT NULL) AS wanted_row,
           t."Id" IS NOT NULL AS shadow, coalesce(t."Kind" IS NOT DISTINCT FROM (CASE WHEN s.present THEN s.c0 ELSE NULL::pg_catalog.text END) AND t."Sort" IS NOT DISTINCT FROM (s.c1) AND t."Extra"::pg_catalog.text IS NOT DISTINCT FROM (s.c4)::pg_catalog.text AND t."Alive" IS NOT DISTINCT FROM (CASE WHEN s.present THEN s.c5 ELSE 'false'::pg_catalog.bool END) AND t."O" IS NOT DISTINCT FROM p."Old Id", false) AS equal,
           m."O"::pg_catalog.text AS target_key
    FROM (SELECT u.i0::pg_catalog.int8 AS i0, u.removal, u.n FROM unnest($1::pg_catalog.text[], $2::pg_catalog.bool[]) WITH ORDINALITY AS u(i0, removal, n)) w
    LEFT JOIN LATERAL (SELECT * FROM (SELECT "Id" AS k0, "Id" AS i0, "Org Id" AS p0, coalesce("State"::pg_catalog.text IN ('up', '1'), false) AS present, "Id" AS latest, (CASE WHEN "Kind" IS NULL THEN NULL WHEN "Kind"::pg_catalog.text = '1' THEN 'one' WHEN "Kind"::pg_catalog.text = '2' THEN NULL ELSE dualwrite.unmapped('group.Kind', "Kind"::pg_catalog.text) END)::pg_catalog.text AS c0, pg_catalog.left((CASE WHEN (lower("Sort") -- of the row
) IS NULL THEN NULL WHEN (lower("Sort") -- of the row
)::pg_catalog.text = 'a' THEN 'A' ELSE NULL END)::pg_catalog.text, 3)::pg_catalog.bpchar AS c1, ("Made")::pg_catalog.date AS c2, (pg_catalog.now())::pg_catalog.timestamptz AS c3, ("Extra")::pg_catalog.json AS c4, ('true')::pg_catalog.bool AS c5 FROM "New"."Group" WHERE "Id" = w.i0) s
                       ORDER BY s.present DESC, s.latest DESC NULLS LAST, s.k0 DESC LIMIT 1) s ON true
    LEFT JOIN "Map"."Group Map" m ON m."N" = w.i0 LEFT JOIN "Map"."Org Map" p ON p."New Id" = s.p0 
    LEFT JOIN "Old"."Group" t ON t."Id" = m."O"
)
SELECT n, found, wanted_row, shadow, equal, target_key FROM checked


-- group: resync
WITH chunk AS (
    SELECT n."Id", ARRAY[n."Id"::pg_catalog.text, n."Org Id"::pg_catalog.text] AS ref, n."Id"::text AS root
    FROM "New"."Group" n
    WHERE $1::text[] IS NULL OR (n."Id") > (($1::pg_catalog.text[])[1]::pg_catalog.int8)
    ORDER BY n."Id" LIMIT $2::integer
), queued AS (
    INSERT INTO dualwrite.outbox (bucket, entity, operation, ref)
    SELECT coalesce(hashtextextended(c.root, 0) & 1023, 0), 'group', 'group_u', c.ref FROM chunk c
    RETURNING 1
)
SELECT (SELECT count(*) FROM queued) AS queued,
       (SELECT ARRAY[n."Id"::pg_catalog.text] FROM chunk n ORDER BY n."Id" DESC LIMIT 1) AS position


-- seat: parent reserve (write)
WITH reserved AS MATERIALIZED (
    SELECT s.i0, (nextval('"Old"."Org Seq"'::regclass))::pg_catalog.int8 AS key, (s.c0)::pg_catalog.text AS v0, ('it''s')::pg_catalog.text AS v1
    FROM (SELECT d.i0, false AS removal, row_number() OVER () AS n
FROM (SELECT DISTINCT s.p0::pg_catalog.text::pg_catalog.uuid AS i0
      FROM (SELECT d.i0, false AS removal, row_number() OVER () AS n
FROM (SELECT DISTINCT s.p0::pg_catalog.text::pg_catalog.int8 AS i0
      FROM (SELECT u.i0::pg_catalog.int8 AS i0, u.i1::pg_catalog.int8 AS i1, u.removal, u.n FROM unnest($1::pg_catalog.text[], $2::pg_catalog.text[], $3::pg_catalog.bool[]) WITH ORDINALITY AS u(i0, i1, removal, n)) w JOIN LATERAL (SELECT "A" AS k0, "B" AS k1, "Account" AS i0, "Group" AS i1, "Group" AS p0, coalesce("State"::pg_catalog.text IN ('it''s'), false) AS present, "Changed" AS latest, ("Account")::pg_catalog.int4 AS c0 FROM "New"."Seat" WHERE "Account" = w.i0 AND "Group" = w.i1) s ON true) d
WHERE NOT EXISTS (SELECT FROM "Map"."Group Map" m JOIN "Old"."Group" t ON t."Id" = m."O" WHERE m."N" = d.i0)
) w JOIN LATERAL (SELECT "Id" AS k0, "Id" AS i0, "Org Id" AS p0, coalesce("State"::pg_catalog.text IN ('up', '1'), false) AS present, "Id" AS latest, (CASE WHEN "Kind" IS NULL THEN NULL WHEN "Kind"::pg_catalog.text = '1' THEN 'one' WHEN "Kind"::pg_catalog.text = '2' THEN NULL ELSE dualwrite.unmapped('group.Kind', "Kind"::pg_catalog.text) END)::pg_catalog.text AS c0, pg_catalog.left((CASE WHEN (lower("Sort") -- of the row
) IS NULL THEN NULL WHEN (lower("Sort") -- of the row
)::pg_catalog.text = 'a' THEN 'A' ELSE NULL END)::pg_catalog.text, 3)::pg_catalog.bpchar AS c1, ("Made")::pg_catalog.date AS c2, (pg_catalog.now())::pg_catalog.timestamptz AS c3, ("Extra")::pg_catalog.json AS c4, ('true')::pg_catalog.bool AS c5 FROM "New"."Group" WHERE "Id" = w.i0) s ON true) d
WHERE NOT EXISTS (SELECT FROM "Map"."Org Map" m JOIN "Old"."O""rg" t ON t."Id" = m."Old Id" WHERE m."New Id" = d.i0)
) w
    JOIN LATERAL (SELECT "Id" AS k0, "Id" AS i0, true AS present, "Id" AS latest, pg_catalog.left(("Name")::pg_catalog.text, 20)::pg_catalog."varchar" AS c0, (pg_catalog.now())::pg_catalog.timestamptz AS c1 FROM "New"."Org" WHERE "Id" = w.i0) s ON true
    WHERE true AND NOT EXISTS (SELECT FROM "Map"."Org Map" m WHERE m."New Id" = s.i0)
)
INSERT INTO "Map"."Org Map" ("New Id", "Old Id", "Title", "By", "Seen")
SELECT r.i0,
       coalesce((SELECT dualwrite.key_taken('Old', 'O"rg', 'Id', t."Id") FROM "Old"."O""rg" t
                 WHERE t."Id" = r.key LIMIT 1), r.key), r.v0, r.v1, false
FROM reserved r
ON CONFLICT ("New Id") DO NOTHING


-- seat: parent upsert (write)
INSERT INTO "Old"."O""rg" AS t ("Id", "Title", "At") OVERRIDING SYSTEM VALUE
SELECT e.mk, e.c0, e.c1
FROM (SELECT DISTINCT ON (w.n) s.present, t."Id" IS NOT NULL AS there, m."Old Id" AS mk, s.c0 AS c0, s.c1 AS c1
      FROM (SELECT d.i0, false AS removal, row_number() OVER () AS n
FROM (SELECT DISTINCT s.p0::pg_catalog.text::pg_catalog.uuid AS i0
      FROM (SELECT d.i0, false AS removal, row_number() OVER () AS n
FROM (SELECT DISTINCT s.p0::pg_catalog.text::pg_catalog.int8 AS i0
      FROM (SELECT u.i0::pg_catalog.int8 AS i0, u.i1::pg_catalog.int8 AS i1, u.removal, u.n FROM unnest($1::pg_catalog.text[], $2::pg_catalog.text[], $3::pg_catalog.bool[]) WITH ORDINALITY AS u(i0, i1, removal, n)) w JOIN LATERAL (SELECT "A" AS k0, "B" AS k1, "Account" AS i0, "Group" AS i1, "Group" AS p0, coalesce("State"::pg_catalog.text IN ('it''s'), false) AS present, "Changed" AS latest, ("Account")::pg_catalog.int4 AS c0 FROM "New"."Seat" WHERE "Account" = w.i0 AND "Group" = w.i1) s ON true) d
WHERE NOT EXISTS (SELECT FROM "Map"."Group Map" m JOIN "Old"."Group" t ON t."Id" = m."O" WHERE m."N" = d.i0)
) w JOIN LATERAL (SELECT "Id" AS k0, "Id" AS i0, "Org Id" AS p0, coalesce("State"::pg_catalog.text IN ('up', '1'), false) AS present, "Id" AS latest, (CASE WHEN "Kind" IS NULL THEN NULL WHEN "Kind"::pg_catalog.text = '1' THEN 'one' WHEN "Kind"::pg_catalog.text = '2' THEN NULL ELSE dualwrite.unmapped('group.Kind', "Kind"::pg_catalog.text) END)::pg_catalog.text AS c0, pg_catalog.left((CASE WHEN (lower("Sort") -- of the row
) IS NULL THEN NULL WHEN (lower("Sort") -- of the row
)::pg_catalog.text = 'a' THEN 'A' ELSE NULL END)::pg_catalog.text, 3)::pg_catalog.bpchar AS c1, ("Made")::pg_catalog.date AS c2, (pg_catalog.now())::pg_catalog.timestamptz AS c3, ("Extra")::pg_catalog.json AS c4, ('true')::pg_catalog.bool AS c5 FROM "New"."Group" WHERE "Id" = w.i0) s ON true) d
WHERE NOT EXISTS (SELECT FROM "Map"."Org Map" m JOIN "Old"."O""rg" t ON t."Id" = m."Old Id" WHERE m."New Id" = d.i0)
) w
      JOIN LATERAL (SELECT "Id" AS k0, "Id" AS i0, true AS present, "Id" AS latest, pg_catalog.left(("Name")::pg_catalog.text, 20)::pg_catalog."varchar" AS c0, (pg_catalog.now())::pg_catalog.timestamptz AS c1 FROM "New"."Org" WHERE "Id" = w.i0) s ON true
      JOIN "Map"."Org Map" m ON m."New Id" = s.i0 
      LEFT JOIN "Old"."O""rg" t ON t."Id" = m."Old Id"
      ORDER BY w.n, s.present DESC, s.latest DESC NULLS LAST, s.k0 DESC) e
WHERE true
ON CONFLICT ("Id") DO UPDATE SET "Title" = excluded."Title", "At" = excluded."At" WHERE ROW(t."Title")::pg_catalog.record OPERATOR(pg_catalog.*<>) ROW(excluded."Title")::pg_catalog.record


-- seat: parent verify (write)
WITH checked AS (
    SELECT w.n, w.i0 AS source_key, s.k0 IS NOT NULL AS found, coalesce(s.present, false) AS wanted_row,
           t."Id" IS NOT NULL AS shadow, coalesce(t."Title" IS NOT DISTINCT FROM (s.c0), false) AS equal,
           m."Old Id"::pg_catalog.text AS target_key
    FROM (SELECT d.i0, false AS removal, row_number() OVER () AS n
FROM (SELECT DISTINCT s.p0::pg_catalog.text::pg_catalog.uuid AS i0
      FROM (SELECT d.i0, false AS removal, row_number() OVER () AS n
FROM (SELECT DISTINCT s.p0::pg_catalog.text::pg_catalog.int8 AS i0
      FROM (SELECT u.i0::pg_catalog.int8 AS i0, u.i1::pg_catalog.int8 AS i1, u.removal, u.n FROM unnest($1::pg_catalog.text[], $2::pg_catalog.text[], $3::pg_catalog.bool[]) WITH ORDINALITY AS u(i0, i1, removal, n)) w JOIN LATERAL (SELECT "A" AS k0, "B" AS k1, "Account" AS i0, "Group" AS i1, "Group" AS p0, coalesce("State"::pg_catalog.text IN ('it''s'), false) AS present, "Changed" AS latest, ("Account")::pg_catalog.int4 AS c0 FROM "New"."Seat" WHERE "Account" = w.i0 AND "Group" = w.i1) s ON true) d
WHERE NOT EXISTS (SELECT FROM "Map"."Group Map" m JOIN "Old"."Group" t ON t."Id" = m."O" WHERE m."N" = d.i0)
) w JOIN LATERAL (SELECT "Id" AS k0, "Id" AS i0, "Org Id" AS p0, coalesce("State"::pg_catalog.text IN ('up', '1'), false) AS present, "Id" AS latest, (CASE WHEN "Kind" IS NULL THEN NULL WHEN "Kind"::pg_catalog.text = '1' THEN 'one' WHEN "Kind"::pg_catalog.text = '2' THEN NULL ELSE dualwrite.unmapped('group.Kind', "Kind"::pg_catalog.text) END)::pg_catalog.text AS c0, pg_catalog.left((CASE WHEN (lower("Sort") -- of the row
) IS NULL THEN NULL WHEN (lower("Sort") -- of the row
)::pg_catalog.text = 'a' THEN 'A' ELSE NULL END)::pg_catalog.text, 3)::pg_catalog.bpchar AS c1, ("Made")::pg_catalog.date AS c2, (pg_catalog.now())::pg_catalog.timestamptz AS c3, ("Extra")::pg_catalog.json AS c4, ('true')::pg_catalog.bool AS c5 FROM "New"."Group" WHERE "Id" = w.i0) s ON true) d
WHERE EXISTS (SELECT FROM "Map"."Org Map" m WHERE m."New Id" = d.i0 AND m."Seen" IS DISTINCT FROM true)
) w
    LEFT JOIN LATERAL (SELECT * FROM (SELECT "Id" AS k0, "Id" AS i0, true AS present, "Id" AS latest, pg_catalog.left(("Name")::pg_catalog.text, 20)::pg_catalog."varchar" AS c0, (pg_catalog.now())::pg_catalog.timestamptz AS c1 FROM "New"."Org" WHERE "Id" = w.i0) s
                       ORDER BY s.present DESC, s.latest DESC NULLS LAST, s.k0 DESC LIMIT 1) s ON true
    LEFT JOIN "Map"."Org Map" m ON m."New Id" = w.i0 
    LEFT JOIN "Old"."O""rg" t ON t."Id" = m."Old Id"
), marked AS (
    UPDATE "Map"."Org Map" AS noted SET "Seen" = c.equal FROM checked c
    WHERE noted."New Id" = c.source_key AND c.found AND c.shadow AND noted."Seen" IS DISTINCT FROM c.equal
)

SELECT n, found, wanted_row, shadow, equal, target_key FROM checked


-- seat: parent reserve (write)
WITH reserved AS MATERIALIZED (
    SELECT s.i0, (old_group_id())::pg_catalog.int8 AS key
    FROM (SELECT d.i0, false AS removal, row_number() OVER () AS n
FROM (SELECT DISTINCT s.p0::pg_catalog.text::pg_catalog.int8 AS i0
      FROM (SELECT u.i0::pg_catalog.int8 AS i0, u.i1::pg_catalog.int8 AS i1, u.removal, u.n FROM unnest($1::pg_catalog.text[], $2::pg_catalog.text[], $3::pg_catalog.bool[]) WITH ORDINALITY AS u(i0, i1, removal, n)) w JOIN LATERAL (SELECT "A" AS k0, "B" AS k1, "Account" AS i0, "Group" AS i1, "Group" AS p0, coalesce("State"::pg_catalog.text IN ('it''s'), false) AS present, "Changed" AS latest, ("Account")::pg_catalog.int4 AS c0 FROM "New"."Seat" WHERE "Account" = w.i0 AND "Group" = w.i1) s ON true) d
WHERE NOT EXISTS (SELECT FROM "Map"."Group Map" m JOIN "Old"."Group" t ON t."Id" = m."O" WHERE m."N" = d.i0)
) w
    JOIN LATERAL (SELECT "Id" AS k0, "Id" AS i0, "Org Id" AS p0, coalesce("State"::pg_catalog.text IN ('up', '1'), false) AS present, "Id" AS latest, (CASE WHEN "Kind" IS NULL THEN NULL WHEN "Kind"::pg_catalog.text = '1' THEN 'one' WHEN "Kind"::pg_catalog.text = '2' THEN NULL ELSE dualwrite.unmapped('group.Kind', "Kind"::pg_catalog.text) END)::pg_catalog.text AS c0, pg_catalog.left((CASE WHEN (lower("Sort") -- of the row
) IS NULL THEN NULL WHEN (lower("Sort") -- of the row
)::pg_catalog.text = 'a' THEN 'A' ELSE NULL END)::pg_catalog.text, 3)::pg_catalog.bpchar AS c1, ("Made")::pg_catalog.date AS c2, (pg_catalog.now())::pg_catalog.timestamptz AS c3, ("Extra")::pg_catalog.json AS c4, ('true')::pg_catalog.bool AS c5 FROM "New"."Group" WHERE "Id" = w.i0) s ON true
    WHERE true AND NOT EXISTS (SELECT FROM "Map"."Group Map" m WHERE m."N" = s.i0)
)
INSERT INTO "Map"."Group Map" ("N", "O")
SELECT r.i0,
       coalesce((SELECT dualwrite.key_taken('Old', 'Group', 'Id', t."Id") FROM "Old"."Group" t
                 WHERE t."Id" = r.key LIMIT 1), r.key)
FROM reserved r



-- seat: parent upsert (write)
INSERT INTO "Old"."Group" AS t ("Id", "O", "Kind", "Sort", "Made", "Stamp", "Extra", "Alive") OVERRIDING SYSTEM VALUE
SELECT e.mk, e.pk, e.c0, e.c1, e.c2, e.c3, e.c4, e.c5
FROM (SELECT DISTINCT ON (w.n) s.present, t."Id" IS NOT NULL AS there, m."O" AS mk, p."Old Id" AS pk, CASE WHEN s.present THEN s.c0 ELSE NULL::pg_catalog.text END AS c0, s.c1 AS c1, s.c2 AS c2, s.c3 AS c3, s.c4 AS c4, CASE WHEN s.present THEN s.c5 ELSE 'false'::pg_catalog.bool END AS c5
      FROM (SELECT d.i0, false AS removal, row_number() OVER () AS n
FROM (SELECT DISTINCT s.p0::pg_catalog.text::pg_catalog.int8 AS i0
      FROM (SELECT u.i0::pg_catalog.int8 AS i0, u.i1::pg_catalog.int8 AS i1, u.removal, u.n FROM unnest($1::pg_catalog.text[], $2::pg_catalog.text[], $3::pg_catalog.bool[]) WITH ORDINALITY AS u(i0, i1, removal, n)) w JOIN LATERAL (SELECT "A" AS k0, "B" AS k1, "Account" AS i0, "Group" AS i1, "Group" AS p0, coalesce("State"::pg_catalog.text IN ('it''s'), false) AS present, "Changed" AS latest, ("Account")::pg_catalog.int4 AS c0 FROM "New"."Seat" WHERE "Account" = w.i0 AND "Group" = w.i1) s ON true) d
WHERE NOT EXISTS (SELECT FROM "Map"."Group Map" m JOIN "Old"."Group" t ON t."Id" = m."O" WHERE m."N" = d.i0)
) w
      JOIN LATERAL (SELECT "Id" AS k0, "Id" AS i0, "Org Id" AS p0, coalesce("State"::pg_catalog.text IN ('up', '1'), false) AS present, "Id" AS latest, (CASE WHEN "Kind" IS NULL THEN NULL WHEN "Kind"::pg_catalog.text = '1' THEN 'one' WHEN "Kind"::pg_catalog.text = '2' THEN NULL ELSE dualwrite.unmapped('group.Kind', "Kind"::pg_catalog.text) END)::pg_catalog.text AS c0, pg_catalog.left((CASE WHEN (lower("Sort") -- of the row
) IS NULL THEN NULL WHEN (lower("Sort") -- of the row
)::pg_catalog.text = 'a' THEN 'A' ELSE NULL END)::pg_catalog.text, 3)::pg_catalog.bpchar AS c1, ("Made")::pg_catalog.date AS c2, (pg_catalog.now())::pg_catalog.timestamptz AS c3, ("Extra")::pg_catalog.json AS c4, ('true')::pg_catalog.bool AS c5 FROM "New"."Group" WHERE "Id" = w.i0) s ON true
      JOIN "Map"."Group Map" m ON m."N" = s.i0 JOIN "Map"."Org Map" p ON p."New Id" = s.p0 
      LEFT JOIN "Old"."Group" t ON t."Id" = m."O"
      ORDER BY w.n, s.present DESC, s.latest DESC NULLS LAST, s.k0 DESC) e
WHERE true
ON CONFLICT ("Id") DO UPDATE SET "Kind" = excluded."Kind", "Sort" = excluded."Sort", "Extra" = excluded."Extra", "Alive" = excluded."Alive", "O" = excluded."O" WHERE ROW(t."Kind", t."Sort", t."Extra", t."Alive", t."O")::pg_catalog.record OPERATOR(pg_catalog.*<>) ROW(excluded."Kind", excluded."Sort", excluded."Extra", excluded."Alive", excluded."O")::pg_catalog.record


-- seat: upsert (write)
INSERT INTO "Old"."Seat" AS t ("G", "User") OVERRIDING SYSTEM VALUE
SELECT e.pk, e.c0
FROM (SELECT DISTINCT ON (w.n) s.present, t."User" IS NOT NULL AS there, p."O" AS pk, s.c0 AS c0
      FROM (SELECT u.i0::pg_catalog.int8 AS i0, u.i1::pg_catalog.int8 AS i1, u.removal, u.n FROM unnest($1::pg_catalog.text[], $2::pg_catalog.text[], $3::pg_catalog.bool[]) WITH ORDINALITY AS u(i0, i1, removal, n)) w
      JOIN LATERAL (SELECT "A" AS k0, "B" AS k1, "Account" AS i0, "Group" AS i1, "Group" AS p0, coalesce("State"::pg_catalog.text IN ('it''s'), false) AS present, "Changed" AS latest, ("Account")::pg_catalog.int4 AS c0 FROM "New"."Seat" WHERE "Account" = w.i0 AND "Group" = w.i1) s ON true
      JOIN "Map"."Group Map" p ON p."N" = s.p0 
      LEFT JOIN "Old"."Seat" t ON t."User" = s.i0::pg_catalog.int4 AND t."G" = p."O"
      ORDER BY w.n, s.present DESC, s.latest DESC NULLS LAST, s.k0 DESC) e
WHERE e.present
ON CONFLICT ("User", "G") DO NOTHING


-- seat: remove (write)
DELETE FROM "Old"."Seat" AS t
USING (SELECT u.i0::pg_catalog.int8 AS i0, u.i1::pg_catalog.int8 AS i1, u.removal, u.n FROM unnest($1::pg_catalog.text[], $2::pg_catalog.text[], $3::pg_catalog.bool[]) WITH ORDINALITY AS u(i0, i1, removal, n)) w JOIN "Map"."Group Map" p ON p."N" = w.i1 
WHERE t."User" = w.i0::pg_catalog.int4 AND t."G" = p."O"
  AND (w.removal OR EXISTS (SELECT FROM (SELECT "A" AS k0, "B" AS k1, "Account" AS i0, "Group" AS i1, "Group" AS p0, coalesce("State"::pg_catalog.text IN ('it''s'), false) AS present, "Changed" AS latest, ("Account")::pg_catalog.int4 AS c0 FROM "New"."Seat" WHERE "Account" = w.i0 AND "Group" = w.i1) s))
  AND NOT EXISTS (SELECT FROM (SELECT "A" AS k0, "B" AS k1, "Account" AS i0, "Group" AS i1, "Group" AS p0, coalesce("State"::pg_catalog.text IN ('it''s'), false) AS present, "Changed" AS latest, ("Account")::pg_catalog.int4 AS c0 FROM "New"."Seat" WHERE "Account" = w.i0 AND "Group" = w.i1) s WHERE s.present)


-- seat: verify (verify)
WITH checked AS (
    SELECT w.n, w.i0 AS source_key, s.k0 IS NOT NULL AS found, coalesce(s.present, false) AS wanted_row,
           t."User" IS NOT NULL AS shadow, coalesce(true, false) AS equal,
           p."O"::pg_catalog.text AS target_key
    FROM (SELECT u.i0::pg_catalog.int8 AS i0, u.i1::pg_catalog.int8 AS i1, u.removal, u.n FROM unnest($1::pg_catalog.text[], $2::pg_catalog.text[], $3::pg_catalog.bool[]) WITH ORDINALITY AS u(i0, i1, removal, n)) w
    LEFT JOIN LATERAL (SELECT * FROM (SELECT "A" AS k0, "B" AS k1, "Account" AS i0, "Group" AS i1, "Group" AS p0, coalesce("State"::pg_catalog.text IN ('it''s'), false) AS present, "Changed" AS latest, ("Account")::pg_catalog.int4 AS c0 FROM "New"."Seat" WHERE "Account" = w.i0 AND "Group" = w.i1) s
                       ORDER BY s.present DESC, s.latest DESC NULLS LAST, s.k0 DESC LIMIT 1) s ON true
    LEFT JOIN "Map"."Group Map" p ON p."N" = w.i1 
    LEFT JOIN "Old"."Seat" t ON t."User" = w.i0::pg_catalog.int4 AND t."G" = p."O"
)
SELECT n, found, wanted_row, shadow, equal, target_key FROM checked


-- seat: resync
WITH chunk AS (
    SELECT n."A", n."B", ARRAY[n."A"::pg_catalog.text, n."B"::pg_catalog.text, n."Account"::pg_catalog.text, n."Group"::pg_catalog.text] AS ref, n."Group"::text AS root
    FROM "New"."Seat" n
    WHERE $1::text[] IS NULL OR (n."A", n."B") > (($1::pg_catalog.text[])[1]::pg_catalog.int4, ($1::pg_catalog.text[])[2]::pg_catalog.text)
    ORDER BY n."A", n."B" LIMIT $2::integer
), queued AS (
    INSERT INTO dualwrite.outbox (bucket, entity, operation, ref)
    SELECT coalesce(hashtextextended(c.root, 0) & 1023, 0), 'seat', 'seat_u', c.ref FROM chunk c
    RETURNING 1
)
SELECT (SELECT count(*) FROM queued) AS queued,
       (SELECT ARRAY[n."A"::pg_catalog.text, n."B"::pg_catalog.text] FROM chunk n ORDER BY n."A" DESC, n."B" DESC LIMIT 1) AS position


-- tag: upsert (write)
INSERT INTO "Old"."Tag" AS t ("Code", "Note", "Label") OVERRIDING SYSTEM VALUE
SELECT e.c0, e.c1, e.c2
FROM (SELECT DISTINCT ON (w.n) s.present, t."Code" IS NOT NULL AS there, s.c0 AS c0, s.c1 AS c1, s.c2 AS c2
      FROM (SELECT u.i0::pg_catalog.text AS i0, u.removal, u.n FROM unnest($1::pg_catalog.text[], $2::pg_catalog.bool[]) WITH ORDINALITY AS u(i0, removal, n)) w
      JOIN LATERAL (SELECT "Id" AS k0, "Code" AS i0, true AS present, "Id" AS latest, ("Code")::pg_catalog."varchar" AS c0, ( E'a\\b')::pg_catalog.text AS c1, ("Label")::pg_catalog.text AS c2 FROM "New"."Tag" WHERE "Code" = w.i0) s ON true
      
      LEFT JOIN "Old"."Tag" t ON t."Code" = s.i0::pg_catalog."varchar"
      ORDER BY w.n, s.present DESC, s.latest DESC NULLS LAST, s.k0 DESC) e
WHERE e.present
ON CONFLICT ("Code") DO UPDATE SET "Note" = excluded."Note", "Label" = excluded."Label" WHERE ROW(t."Note", t."Label")::pg_catalog.record OPERATOR(pg_catalog.*<>) ROW(excluded."Note", excluded."Label")::pg_catalog.record


-- tag: verify (verify)
WITH checked AS (
    SELECT w.n, w.i0 AS source_key, s.k0 IS NOT NULL AS found, coalesce(s.present, false) AS wanted_row,
           t."Code" IS NOT NULL AS shadow, coalesce(t."Note" IS NOT DISTINCT FROM (s.c1) AND t."Label" IS NOT DISTINCT FROM (s.c2), false) AS equal,
           NULL::pg_catalog.text AS target_key
    FROM (SELECT u.i0::pg_catalog.text AS i0, u.removal, u.n FROM unnest($1::pg_catalog.text[], $2::pg_catalog.bool[]) WITH ORDINALITY AS u(i0, removal, n)) w
    LEFT JOIN LATERAL (SELECT * FROM (SELECT "Id" AS k0, "Code" AS i0, true AS present, "Id" AS latest, ("Code")::pg_catalog."varchar" AS c0, ( E'a\\b')::pg_catalog.text AS c1, ("Label")::pg_catalog.text AS c2 FROM "New"."Tag" WHERE "Code" = w.i0) s
                       ORDER BY s.present DESC, s.latest DESC NULLS LAST, s.k0 DESC LIMIT 1) s ON true
    
    LEFT JOIN "Old"."Tag" t ON t."Code" = w.i0::pg_catalog."varchar"
)
SELECT n, found, wanted_row, shadow, equal, target_key FROM checked


-- tag: resync
WITH chunk AS (
    SELECT n."Id", ARRAY[n."Id"::pg_catalog.text, n."Code"::pg_catalog.text] AS ref, n."Code"::text AS root
    FROM "New"."Tag" n
    WHERE $1::text[] IS NULL OR (n."Id") > (($1::pg_catalog.text[])[1]::pg_catalog.int8)
    ORDER BY n."Id" LIMIT $2::integer
), queued AS (
    INSERT INTO dualwrite.outbox (bucket, entity, operation, ref)
    SELECT coalesce(hashtextextended(c.root, 0) & 1023, 0), 'tag', 'tag_u', c.ref FROM chunk c
    RETURNING 1
)
SELECT (SELECT count(*) FROM queued) AS queued,
       (SELECT ARRAY[n."Id"::pg_catalog.text] FROM chunk n ORDER BY n."Id" DESC LIMIT 1) AS position


