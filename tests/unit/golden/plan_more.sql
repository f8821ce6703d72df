-- word: read (vNext)
SELECT w.n, coalesce(s.found, false) AS found, coalesce(s.present, false) AS present, NULL::pg_catalog.text AS parent,
       NULL::pg_catalog.text AS parent_key, NULL::pg_catalog.bool AS verified, ((w.i0)::pg_catalog.text) AS k0
FROM (SELECT u.i0::pg_catalog.text AS i0, u.n FROM unnest((SELECT $1::pg_catalog.text[])) WITH ORDINALITY AS u(i0, n)) w
LEFT JOIN LATERAL (SELECT b.*
FROM (SELECT true AS found, ("Gone" IS NULL) AS present, NULL AS p0, "Code" AS k
      FROM (SELECT source.* FROM "New"."Word" source WHERE source."Code" = w.i0 ORDER BY (source."Gone" IS NULL) DESC, source."Code" DESC LIMIT 1) AS "Word") b
) s ON true
ORDER BY w.n


-- word: removals (vNext)
WITH stopped AS MATERIALIZED (
    SELECT pg_catalog.count(*) AS rows FROM dualwrite.failed f
    WHERE f.entity = 'word' AND f.operation = 'word_r' AND f.sqlstate = 'DW005' AND f.retry_at IS NULL
), waiting AS MATERIALIZED (
    SELECT pg_catalog.count(*) AS events, coalesce(pg_catalog.max(o.id), 0) AS newest
    FROM dualwrite.outbox o
    WHERE o.entity = 'word' AND o.operation = 'word_r' AND o.actor IS DISTINCT FROM 'dualwrited reconcile'
), counted AS MATERIALIZED (
    SELECT pg_catalog.count(*) AS rows
    FROM (SELECT FROM "New"."Word"
          LIMIT (SELECT least((s.rows + w.events) * (100 - $1::pg_catalog.int4) / $1::pg_catalog.int4 + 1, 1000000)
                 FROM stopped s, waiting w)) s
), remaining AS MATERIALIZED (
    SELECT CASE WHEN c.rows < 1000000 THEN c.rows ELSE greatest(c.rows, (
               SELECT pg_catalog.sum(p.reltuples)::pg_catalog.int8
               FROM pg_catalog.pg_class p, pg_catalog.to_regclass(pg_catalog.format('%I.%I', 'New', 'Word')) AS s(oid)
               WHERE p.oid = s.oid OR p.oid IN (SELECT i.inhrelid FROM pg_catalog.pg_inherits i WHERE i.inhparent = s.oid)))
           END AS rows
    FROM counted c
)
SELECT s.rows + CASE WHEN (s.rows + w.events) * 100 <= $1::pg_catalog.int4 * (s.rows + w.events + r.rows) THEN w.events ELSE (
           SELECT pg_catalog.count(*)
           FROM (SELECT FROM dualwrite.outbox o
                 WHERE o.entity = 'word' AND o.actor IS DISTINCT FROM 'dualwrited reconcile'
                 GROUP BY o.ref[1]
                 HAVING pg_catalog.max(o.id) = pg_catalog.max(o.id) FILTER (WHERE o.operation = 'word_r')
                    AND pg_catalog.min(o.id) IS DISTINCT FROM
                        pg_catalog.min(o.id) FILTER (WHERE o.operation = 'word_i')) gone) END AS removals,
       w.newest, r.rows
FROM stopped s, waiting w, remaining r


-- word: missing (legacy)
SELECT k.key
FROM unnest($1::pg_catalog.text[]) k(key)
WHERE NOT EXISTS (SELECT FROM "Old"."Word" t WHERE t."Code" = k.key::pg_catalog."varchar")


-- word: insert (legacy)
INSERT INTO "Old"."Word" ("Code") OVERRIDING SYSTEM VALUE
SELECT r.k0
FROM (SELECT w.n, w."do" & 1 <> 0 AS present, w."do" & 2 <> 0 AS "write", w."do" & 4 <> 0 AS "create", w."do" & 8 <> 0 AS remove, w.k0 AS k0
FROM (SELECT pg_catalog.unnest(p.n) AS n, pg_catalog.unnest(p."do") AS "do", pg_catalog.unnest(p.k0) AS k0
      FROM pg_catalog.json_to_record($1::pg_catalog.json) AS p(n pg_catalog.int4[], "do" pg_catalog.int4[], k0 pg_catalog."varchar"(10)[])) w
) r
LEFT JOIN "Old"."Word" t ON t."Code" = r.k0
WHERE r."create" AND t."Code" IS NULL AND r.k0 IS NOT NULL
ORDER BY r.n


-- word: remove (legacy)
DELETE FROM "Old"."Word" AS t
USING (SELECT w.n, w."do" & 1 <> 0 AS present, w."do" & 2 <> 0 AS "write", w."do" & 4 <> 0 AS "create", w."do" & 8 <> 0 AS remove, w.k0 AS k0
FROM (SELECT pg_catalog.unnest(p.n) AS n, pg_catalog.unnest(p."do") AS "do", pg_catalog.unnest(p.k0) AS k0
      FROM pg_catalog.json_to_record($1::pg_catalog.json) AS p(n pg_catalog.int4[], "do" pg_catalog.int4[], k0 pg_catalog."varchar"(10)[])) w
) r
WHERE t."Code" = r.k0 AND r.remove


-- word: verify (legacy)
SELECT r.n, t."Code" IS NOT NULL AS shadow, coalesce(CASE WHEN r.remove THEN t."Code" IS NULL ELSE true END, false) AS equal
FROM (SELECT w.n, w."do" & 1 <> 0 AS present, w."do" & 2 <> 0 AS "write", w."do" & 4 <> 0 AS "create", w."do" & 8 <> 0 AS remove, w.k0 AS k0
FROM (SELECT pg_catalog.unnest(p.n) AS n, pg_catalog.unnest(p."do") AS "do", pg_catalog.unnest(p.k0) AS k0
      FROM pg_catalog.json_to_record($1::pg_catalog.json) AS p(n pg_catalog.int4[], "do" pg_catalog.int4[], k0 pg_catalog."varchar"(10)[])) w
) r
LEFT JOIN "Old"."Word" t ON t."Code" = r.k0


-- word: resync (vNext)
WITH chunk AS (
    SELECT n."Code" AS k0, ARRAY[n."Code"::pg_catalog.text] AS ref, n."Code"::text AS root
    FROM "New"."Word" n
    WHERE $1::text[] IS NULL OR (n."Code") > (($1::pg_catalog.text[])[1]::pg_catalog.text)
    ORDER BY n."Code" LIMIT $2::integer
), queued AS (
    INSERT INTO dualwrite.outbox (bucket, entity, operation, ref)
    SELECT coalesce(hashtextextended(c.root, 0) & 1023, 0), 'word', 'word_u', c.ref FROM chunk c
    RETURNING 1
)
SELECT (SELECT count(*) FROM queued) AS queued,
       (SELECT ARRAY[c.k0::pg_catalog.text] FROM chunk c ORDER BY c.k0 DESC LIMIT 1) AS position


-- page: read (vNext)
SELECT w.n, coalesce(s.found, false) AS found, coalesce(s.present, false) AS present, s.p0::pg_catalog.text AS parent,
       s.p0::pg_catalog.text AS parent_key, NULL::pg_catalog.bool AS verified, (m."O"::pg_catalog.text) AS k0, s.c0, s.y0, s.o0, s.c1, s.y1, s.o1, s.c2, s.c3, s.c4, s.c5, s.c6, s.c0 AS x0, pg_catalog.now()::pg_catalog.text AS x1, s.x2, s.x4, s.x5
FROM (SELECT u.i0::pg_catalog.int8 AS i0, u.n FROM unnest((SELECT $1::pg_catalog.text[])) WITH ORDINALITY AS u(i0, n)) w
LEFT JOIN LATERAL (SELECT b.*, pg_catalog.left((b.q0)::pg_catalog.text, 20) AS c0, dualwrite.suffixed((b.q0)::pg_catalog.text, b.k::pg_catalog.text, 20) AS y0, NOT EXISTS (SELECT FROM (SELECT "Slug" AS q, "Id" AS k FROM "New"."b") a WHERE pg_catalog.left((a.q)::pg_catalog.text, 20) = pg_catalog.left((b.q0)::pg_catalog.text, 20) AND a.k < b.k) AS o0, pg_catalog.left((b.q1)::pg_catalog.text, 12) AS c1, dualwrite.suffixed((b.q1)::pg_catalog.text, b.k::pg_catalog.text, 12) AS y1, NOT EXISTS (SELECT FROM (SELECT (v || "Slug" -- both
) AS q, "Id" AS k FROM "New"."b") a WHERE pg_catalog.left((a.q)::pg_catalog.text, 12) = pg_catalog.left((b.q1)::pg_catalog.text, 12) AND a.k < b.k) AS o1, pg_catalog.left((b.q2)::pg_catalog.text, 8) AS c2, CASE WHEN b.q3 IS NULL THEN NULL WHEN EXISTS (SELECT FROM "Look"."Person" l WHERE l."User" = b.q3) THEN (SELECT l."Id"::pg_catalog.text FROM "Look"."Person" l WHERE l."User" = b.q3) ELSE dualwrite.lookup_missing('page.Author', 'Look', 'Person', 'User', b.q3::pg_catalog.text, NULL::pg_catalog.text) END AS c3, (b.q4)::pg_catalog.text AS c4, (b.q5)::pg_catalog.text AS c5, (b.q6)::pg_catalog.text AS c6, (b.z2)::pg_catalog.text AS x2, CASE WHEN b.z4 IS NULL THEN NULL WHEN EXISTS (SELECT FROM "Look"."Person" l WHERE l."User" = b.z4) THEN (SELECT l."Id"::pg_catalog.text FROM "Look"."Person" l WHERE l."User" = b.z4) ELSE dualwrite.lookup_missing('page.Author', 'Look', 'Person', 'User', b.z4::pg_catalog.text, NULL::pg_catalog.text) END AS x4, pg_catalog.left((b.z5)::pg_catalog.text, 2) AS x5
FROM (SELECT true AS found, coalesce("v"::pg_catalog.text IN ('here'), false) AS present, "Word" AS p0, "Id" AS k, "Slug" AS q0, coalesce((v || "Slug" -- both
)) AS q1, "v" AS q2, "User" AS q3, "Shelf" AS q4, "Shelf" AS q5, "Data" AS q6, "Data" AS z2, "User" AS z4, coalesce((upper(v)
)) AS z5
      FROM (SELECT source.* FROM "New"."b" source WHERE source."Id" = w.i0 ORDER BY coalesce(source."v"::pg_catalog.text IN ('here'), false) DESC, source."Id" DESC LIMIT 1) AS "b") b
) s ON true
LEFT JOIN "Map"."Page Map" m ON m."N" = w.i0
ORDER BY w.n


-- page: removals (vNext)
WITH stopped AS MATERIALIZED (
    SELECT pg_catalog.count(*) AS rows FROM dualwrite.failed f
    WHERE f.entity = 'page' AND f.operation = 'page_r' AND f.sqlstate = 'DW005' AND f.retry_at IS NULL
), waiting AS MATERIALIZED (
    SELECT pg_catalog.count(*) AS events, coalesce(pg_catalog.max(o.id), 0) AS newest
    FROM dualwrite.outbox o
    WHERE o.entity = 'page' AND o.operation = 'page_r' AND o.actor IS DISTINCT FROM 'dualwrited reconcile'
), counted AS MATERIALIZED (
    SELECT pg_catalog.count(*) AS rows
    FROM (SELECT FROM "New"."b"
          LIMIT (SELECT least((s.rows + w.events) * (100 - $1::pg_catalog.int4) / $1::pg_catalog.int4 + 1, 1000000)
                 FROM stopped s, waiting w)) s
), remaining AS MATERIALIZED (
    SELECT CASE WHEN c.rows < 1000000 THEN c.rows ELSE greatest(c.rows, (
               SELECT pg_catalog.sum(p.reltuples)::pg_catalog.int8
               FROM pg_catalog.pg_class p, pg_catalog.to_regclass(pg_catalog.format('%I.%I', 'New', 'b')) AS s(oid)
               WHERE p.oid = s.oid OR p.oid IN (SELECT i.inhrelid FROM pg_catalog.pg_inherits i WHERE i.inhparent = s.oid)))
           END AS rows
    FROM counted c
)
SELECT s.rows + CASE WHEN (s.rows + w.events) * 100 <= $1::pg_catalog.int4 * (s.rows + w.events + r.rows) THEN w.events ELSE (
           SELECT pg_catalog.count(*)
           FROM (SELECT FROM dualwrite.outbox o
                 WHERE o.entity = 'page' AND o.actor IS DISTINCT FROM 'dualwrited reconcile'
                 GROUP BY o.ref[1]
                 HAVING pg_catalog.max(o.id) = pg_catalog.max(o.id) FILTER (WHERE o.operation = 'page_r')
                    AND pg_catalog.min(o.id) IS DISTINCT FROM
                        pg_catalog.min(o.id) FILTER (WHERE o.operation = 'page_i')) gone) END AS removals,
       w.newest, r.rows
FROM stopped s, waiting w, remaining r


-- page: holders (legacy)
WITH r AS MATERIALIZED (SELECT w.n, w."do" & 1 <> 0 AS present, w."do" & 2 <> 0 AS "write", w."do" & 4 <> 0 AS "create", w."do" & 8 <> 0 AS remove, w.k0 AS k0, w.p AS p, w.c0 AS c0, w.y0, w.o0, w.c1 AS c1, w.y1, w.o1, w.c2 AS c2, w.c3 AS c3, (SELECT l.v FROM pg_catalog.json_to_record(pg_catalog.json_build_object('v', CASE WHEN w.c4 IS NULL THEN NULL WHEN EXISTS (SELECT FROM "Old"."l" l WHERE l."Code" = w.c4) THEN (SELECT l."Place"::pg_catalog.text FROM "Old"."l" l WHERE l."Code" = w.c4) ELSE 'none'::pg_catalog.text END)) AS l(v pg_catalog.bpchar(6)) WHERE w."do" & 6 <> 0) AS c4, ((SELECT l.v FROM pg_catalog.json_to_record(pg_catalog.json_build_object('v', pg_catalog.left(CASE WHEN w.c5 IS NULL THEN NULL WHEN EXISTS (SELECT FROM "Old"."l" l WHERE l."Code" = w.c5) THEN (SELECT l."Words"::pg_catalog.text FROM "Old"."l" l WHERE l."Code" = w.c5) ELSE dualwrite.lookup_missing('page.Tags', 'Old', 'l', 'Code', w.c5::pg_catalog.text, NULL::pg_catalog.text) END, 5))) AS l(v pg_catalog.text) WHERE w."do" & 6 <> 0))::pg_catalog.jsonb AS c5, (w.c6)::pg_catalog.json AS c6
FROM (SELECT pg_catalog.unnest(p.n) AS n, pg_catalog.unnest(p."do") AS "do", pg_catalog.unnest(p.k0) AS k0, pg_catalog.unnest(p.p) AS p, pg_catalog.unnest(p.c0) AS c0, pg_catalog.unnest(p.y0) AS y0, pg_catalog.unnest(p.o0) AS o0, pg_catalog.unnest(p.c1) AS c1, pg_catalog.unnest(p.y1) AS y1, pg_catalog.unnest(p.o1) AS o1, pg_catalog.unnest(p.c2) AS c2, pg_catalog.unnest(p.c3) AS c3, pg_catalog.unnest(p.c4) AS c4, pg_catalog.unnest(p.c5) AS c5, pg_catalog.unnest(p.c6) AS c6
      FROM pg_catalog.json_to_record($1::pg_catalog.json) AS p(n pg_catalog.int4[], "do" pg_catalog.int4[], k0 pg_catalog.int8[], p pg_catalog."varchar"(10)[], c0 pg_catalog."varchar"(20)[], y0 pg_catalog."varchar"(20)[], o0 pg_catalog.bool[], c1 pg_catalog.text[], y1 pg_catalog.text[], o1 pg_catalog.bool[], c2 pg_catalog."varchar"(8)[], c3 pg_catalog.uuid[], c4 pg_catalog."varchar"[], c5 pg_catalog."varchar"[], c6 pg_catalog.text[])) w
)
SELECT r.n, 'unique_1' AS "index", o.n AS holder, pg_catalog.array_to_json(ARRAY[h."Id"::pg_catalog.text]::pg_catalog.text[]) AS key
FROM r
CROSS JOIN pg_catalog.json_to_record(pg_catalog.json_build_object('c0', '{"gone": "it''s"}'::pg_catalog.text, 'c1', NULL::pg_catalog.text)) AS d(c0 pg_catalog.text, c1 pg_catalog."varchar"(8))
LEFT JOIN "Old"."Page" t ON t."Id" = r.k0
CROSS JOIN LATERAL (SELECT ("Slug") AS i0 FROM (SELECT CASE WHEN t."Slug" IN (r.c0, r.y0) THEN t."Slug" WHEN r.o0 AND NOT EXISTS (SELECT FROM "Old"."Page" h WHERE h."Slug" = r.c0 AND NOT (h."Id" = r.k0)) THEN r.c0 ELSE r.y0 END AS "Slug") v) x
CROSS JOIN LATERAL (SELECT h.* FROM "Old"."Page" h WHERE ("Slug") OPERATOR(pg_catalog.=) x.i0) h
LEFT JOIN r o ON o.k0 = h."Id"
WHERE (r."write" OR r."create") AND NOT (h."Id" = r.k0)



-- page: owner (vNext)
SELECT w.n, pg_catalog.array_to_json(ARRAY[m."N"::pg_catalog.text]::pg_catalog.text[]) AS identity
FROM unnest($1::pg_catalog.text[]) WITH ORDINALITY AS w(k0, n)
JOIN "Map"."Page Map" m ON m."O" = w.k0::pg_catalog.int8
ORDER BY w.n


-- page: draw (legacy)
WITH drawn AS MATERIALIZED (
    SELECT g.n, (nextval('"Old"."Page Seq"'::regclass))::pg_catalog.int8 AS key
    FROM pg_catalog.generate_series(1, $1::pg_catalog.int4 + $2::pg_catalog.int4) AS g(n)
)
SELECT d.key::pg_catalog.text AS key,
       CASE WHEN EXISTS (SELECT FROM "Old"."Page" t WHERE t."Id" = d.key) THEN pg_catalog.format(
           'the next key for %I.%I, %I = %s, is taken by another row; its sequence is behind the table: '
           'SELECT setval(pg_get_serial_sequence(%L, %L), max(%I)) FROM %I.%I;',
           'Old', 'Page', 'Id', d.key, pg_catalog.format('%I.%I', 'Old', 'Page'), 'Id',
           'Id', 'Old', 'Page') END AS complaint
FROM drawn d WHERE d.n > $2::pg_catalog.int4 ORDER BY d.n


-- page: reserve (vNext)
WITH wanted AS MATERIALIZED (
    SELECT r.*, EXISTS (SELECT FROM "Map"."Page Map" m WHERE m."O" = r.key) AS taken
    FROM (SELECT pg_catalog.unnest(p.s0) AS s0, pg_catalog.unnest(p.key) AS key, pg_catalog.unnest(p.refused) AS refused, pg_catalog.unnest(p.noted) AS noted, pg_catalog.unnest(p.x0) AS x0, pg_catalog.unnest(p.x1) AS x1, pg_catalog.unnest(p.x2) AS x2, pg_catalog.unnest(p.x4) AS x4, pg_catalog.unnest(p.x5) AS x5 FROM pg_catalog.json_to_record($1::pg_catalog.json) AS p(s0 pg_catalog.int8[], key pg_catalog.int8[], refused pg_catalog.bool[], noted pg_catalog.bool[], x0 pg_catalog."varchar"(20)[], x1 pg_catalog.date[], x2 pg_catalog.text[], x4 pg_catalog.uuid[], x5 pg_catalog.bpchar(2)[])) r
), made AS (
    INSERT INTO "Map"."Page Map" ("N", "O", "Slug", "Seen", "Data", "Made", "Author", "Kind")
    SELECT r.s0, r.key, r.x0, r.x1, r.x2::pg_catalog.jsonb, pg_catalog.now()::pg_catalog.timestamptz, r.x4, r.x5
    FROM wanted r
    WHERE NOT r.taken AND NOT r.refused
    ON CONFLICT ("N") DO NOTHING
    RETURNING "O" AS key
)
SELECT made.key::pg_catalog.text AS key, false AS taken FROM made
UNION ALL SELECT r.key::pg_catalog.text, true FROM wanted r WHERE r.taken


-- page: missing (legacy)
SELECT k.key
FROM unnest($1::pg_catalog.text[]) k(key)
WHERE NOT EXISTS (SELECT FROM "Old"."Page" t WHERE t."Id" = k.key::pg_catalog.int8)


-- page: yield (legacy)
UPDATE "Old"."Page" AS t SET "Slug" = CASE WHEN r.g1 THEN pg_catalog.left('dw-' || pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to(pg_catalog.concat_ws('/', r.k0), 'UTF8')), 'hex'), 20)::pg_catalog."varchar" ELSE t."Slug" END
FROM (SELECT r.*, ROW(t."Slug")::pg_catalog.record OPERATOR(pg_catalog.*<>) ROW(CASE WHEN t."Slug" IN (r.c0, r.y0) THEN t."Slug" WHEN r.o0 AND NOT EXISTS (SELECT FROM "Old"."Page" h WHERE h."Slug" = r.c0 AND NOT (h."Id" = r.k0)) THEN r.c0 ELSE r.y0 END)::pg_catalog.record AS g1
      FROM (SELECT w.n, w."do" & 1 <> 0 AS present, w."do" & 2 <> 0 AS "write", w."do" & 4 <> 0 AS "create", w."do" & 8 <> 0 AS remove, w.k0 AS k0, w.p AS p, w.c0 AS c0, w.y0, w.o0, w.c1 AS c1, w.y1, w.o1, w.c2 AS c2, w.c3 AS c3, (SELECT l.v FROM pg_catalog.json_to_record(pg_catalog.json_build_object('v', CASE WHEN w.c4 IS NULL THEN NULL WHEN EXISTS (SELECT FROM "Old"."l" l WHERE l."Code" = w.c4) THEN (SELECT l."Place"::pg_catalog.text FROM "Old"."l" l WHERE l."Code" = w.c4) ELSE 'none'::pg_catalog.text END)) AS l(v pg_catalog.bpchar(6)) WHERE w."do" & 6 <> 0) AS c4, ((SELECT l.v FROM pg_catalog.json_to_record(pg_catalog.json_build_object('v', pg_catalog.left(CASE WHEN w.c5 IS NULL THEN NULL WHEN EXISTS (SELECT FROM "Old"."l" l WHERE l."Code" = w.c5) THEN (SELECT l."Words"::pg_catalog.text FROM "Old"."l" l WHERE l."Code" = w.c5) ELSE dualwrite.lookup_missing('page.Tags', 'Old', 'l', 'Code', w.c5::pg_catalog.text, NULL::pg_catalog.text) END, 5))) AS l(v pg_catalog.text) WHERE w."do" & 6 <> 0))::pg_catalog.jsonb AS c5, (w.c6)::pg_catalog.json AS c6
FROM (SELECT pg_catalog.unnest(p.n) AS n, pg_catalog.unnest(p."do") AS "do", pg_catalog.unnest(p.k0) AS k0, pg_catalog.unnest(p.p) AS p, pg_catalog.unnest(p.c0) AS c0, pg_catalog.unnest(p.y0) AS y0, pg_catalog.unnest(p.o0) AS o0, pg_catalog.unnest(p.c1) AS c1, pg_catalog.unnest(p.y1) AS y1, pg_catalog.unnest(p.o1) AS o1, pg_catalog.unnest(p.c2) AS c2, pg_catalog.unnest(p.c3) AS c3, pg_catalog.unnest(p.c4) AS c4, pg_catalog.unnest(p.c5) AS c5, pg_catalog.unnest(p.c6) AS c6
      FROM pg_catalog.json_to_record($1::pg_catalog.json) AS p(n pg_catalog.int4[], "do" pg_catalog.int4[], k0 pg_catalog.int8[], p pg_catalog."varchar"(10)[], c0 pg_catalog."varchar"(20)[], y0 pg_catalog."varchar"(20)[], o0 pg_catalog.bool[], c1 pg_catalog.text[], y1 pg_catalog.text[], o1 pg_catalog.bool[], c2 pg_catalog."varchar"(8)[], c3 pg_catalog.uuid[], c4 pg_catalog."varchar"[], c5 pg_catalog."varchar"[], c6 pg_catalog.text[])) w
) r
CROSS JOIN pg_catalog.json_to_record(pg_catalog.json_build_object('c0', '{"gone": "it''s"}'::pg_catalog.text, 'c1', NULL::pg_catalog.text)) AS d(c0 pg_catalog.text, c1 pg_catalog."varchar"(8))
      JOIN "Old"."Page" t ON t."Id" = r.k0
      WHERE r."write") r
WHERE t."Id" = r.k0 AND (r.g1)


-- page: update (legacy)
UPDATE "Old"."Page" AS t SET "Slug" = CASE WHEN t."Slug" IN (r.c0, r.y0) THEN t."Slug" WHEN r.o0 AND NOT EXISTS (SELECT FROM "Old"."Page" h WHERE h."Slug" = r.c0 AND NOT (h."Id" = r.k0)) THEN r.c0 ELSE r.y0 END, "Link" = CASE WHEN t."Link" IN (r.c1, r.y1) THEN t."Link" WHEN r.o1 AND NOT EXISTS (SELECT FROM "Old"."Page" h WHERE h."Link" = r.c1 AND NOT (h."Id" = r.k0)) THEN r.c1 ELSE r.y1 END, "Name" = CASE WHEN r.present THEN r.c2 ELSE d.c1 END, "Author" = r.c3, "Shelf" = r.c4, "Tags" = r.c5, "Data" = CASE WHEN r.present THEN r.c6 ELSE (d.c0)::pg_catalog.json END, "Left" = CASE WHEN r.present THEN pg_catalog.now()::pg_catalog.timestamptz ELSE coalesce(t."Left", pg_catalog.now()::pg_catalog.timestamptz) END, "Word" = CASE WHEN r.present THEN r.p ELSE coalesce(r.p, t."Word") END
FROM (SELECT w.n, w."do" & 1 <> 0 AS present, w."do" & 2 <> 0 AS "write", w."do" & 4 <> 0 AS "create", w."do" & 8 <> 0 AS remove, w.k0 AS k0, w.p AS p, w.c0 AS c0, w.y0, w.o0, w.c1 AS c1, w.y1, w.o1, w.c2 AS c2, w.c3 AS c3, (SELECT l.v FROM pg_catalog.json_to_record(pg_catalog.json_build_object('v', CASE WHEN w.c4 IS NULL THEN NULL WHEN EXISTS (SELECT FROM "Old"."l" l WHERE l."Code" = w.c4) THEN (SELECT l."Place"::pg_catalog.text FROM "Old"."l" l WHERE l."Code" = w.c4) ELSE 'none'::pg_catalog.text END)) AS l(v pg_catalog.bpchar(6)) WHERE w."do" & 6 <> 0) AS c4, ((SELECT l.v FROM pg_catalog.json_to_record(pg_catalog.json_build_object('v', pg_catalog.left(CASE WHEN w.c5 IS NULL THEN NULL WHEN EXISTS (SELECT FROM "Old"."l" l WHERE l."Code" = w.c5) THEN (SELECT l."Words"::pg_catalog.text FROM "Old"."l" l WHERE l."Code" = w.c5) ELSE dualwrite.lookup_missing('page.Tags', 'Old', 'l', 'Code', w.c5::pg_catalog.text, NULL::pg_catalog.text) END, 5))) AS l(v pg_catalog.text) WHERE w."do" & 6 <> 0))::pg_catalog.jsonb AS c5, (w.c6)::pg_catalog.json AS c6
FROM (SELECT pg_catalog.unnest(p.n) AS n, pg_catalog.unnest(p."do") AS "do", pg_catalog.unnest(p.k0) AS k0, pg_catalog.unnest(p.p) AS p, pg_catalog.unnest(p.c0) AS c0, pg_catalog.unnest(p.y0) AS y0, pg_catalog.unnest(p.o0) AS o0, pg_catalog.unnest(p.c1) AS c1, pg_catalog.unnest(p.y1) AS y1, pg_catalog.unnest(p.o1) AS o1, pg_catalog.unnest(p.c2) AS c2, pg_catalog.unnest(p.c3) AS c3, pg_catalog.unnest(p.c4) AS c4, pg_catalog.unnest(p.c5) AS c5, pg_catalog.unnest(p.c6) AS c6
      FROM pg_catalog.json_to_record($1::pg_catalog.json) AS p(n pg_catalog.int4[], "do" pg_catalog.int4[], k0 pg_catalog.int8[], p pg_catalog."varchar"(10)[], c0 pg_catalog."varchar"(20)[], y0 pg_catalog."varchar"(20)[], o0 pg_catalog.bool[], c1 pg_catalog.text[], y1 pg_catalog.text[], o1 pg_catalog.bool[], c2 pg_catalog."varchar"(8)[], c3 pg_catalog.uuid[], c4 pg_catalog."varchar"[], c5 pg_catalog."varchar"[], c6 pg_catalog.text[])) w
) r
CROSS JOIN pg_catalog.json_to_record(pg_catalog.json_build_object('c0', '{"gone": "it''s"}'::pg_catalog.text, 'c1', NULL::pg_catalog.text)) AS d(c0 pg_catalog.text, c1 pg_catalog."varchar"(8))
WHERE t."Id" = r.k0 AND r."write"
  AND ROW(t."Slug", t."Link", t."Name", t."Author", t."Shelf", t."Tags", t."Data", t."Word")::pg_catalog.record OPERATOR(pg_catalog.*<>) ROW(CASE WHEN t."Slug" IN (r.c0, r.y0) THEN t."Slug" WHEN r.o0 AND NOT EXISTS (SELECT FROM "Old"."Page" h WHERE h."Slug" = r.c0 AND NOT (h."Id" = r.k0)) THEN r.c0 ELSE r.y0 END, CASE WHEN t."Link" IN (r.c1, r.y1) THEN t."Link" WHEN r.o1 AND NOT EXISTS (SELECT FROM "Old"."Page" h WHERE h."Link" = r.c1 AND NOT (h."Id" = r.k0)) THEN r.c1 ELSE r.y1 END, CASE WHEN r.present THEN r.c2 ELSE d.c1 END, r.c3, r.c4, r.c5, CASE WHEN r.present THEN r.c6 ELSE (d.c0)::pg_catalog.json END, CASE WHEN r.present THEN r.p ELSE coalesce(r.p, t."Word") END)::pg_catalog.record


-- page: insert (legacy)
INSERT INTO "Old"."Page" ("Id", "Word", "Slug", "Link", "Name", "Author", "Shelf", "Tags", "Data", "Left") OVERRIDING SYSTEM VALUE
SELECT r.k0, r.p, CASE WHEN t."Slug" IN (r.c0, r.y0) THEN t."Slug" WHEN r.o0 AND NOT EXISTS (SELECT FROM "Old"."Page" h WHERE h."Slug" = r.c0 AND NOT (h."Id" = r.k0)) THEN r.c0 ELSE r.y0 END, CASE WHEN t."Link" IN (r.c1, r.y1) THEN t."Link" WHEN r.o1 AND NOT EXISTS (SELECT FROM "Old"."Page" h WHERE h."Link" = r.c1 AND NOT (h."Id" = r.k0)) THEN r.c1 ELSE r.y1 END, CASE WHEN r.present THEN r.c2 ELSE d.c1 END, r.c3, r.c4, r.c5, CASE WHEN r.present THEN r.c6 ELSE (d.c0)::pg_catalog.json END, CASE WHEN r.present THEN pg_catalog.now()::pg_catalog.timestamptz ELSE coalesce(t."Left", pg_catalog.now()::pg_catalog.timestamptz) END
FROM (SELECT w.n, w."do" & 1 <> 0 AS present, w."do" & 2 <> 0 AS "write", w."do" & 4 <> 0 AS "create", w."do" & 8 <> 0 AS remove, w.k0 AS k0, w.p AS p, w.c0 AS c0, w.y0, w.o0, w.c1 AS c1, w.y1, w.o1, w.c2 AS c2, w.c3 AS c3, (SELECT l.v FROM pg_catalog.json_to_record(pg_catalog.json_build_object('v', CASE WHEN w.c4 IS NULL THEN NULL WHEN EXISTS (SELECT FROM "Old"."l" l WHERE l."Code" = w.c4) THEN (SELECT l."Place"::pg_catalog.text FROM "Old"."l" l WHERE l."Code" = w.c4) ELSE 'none'::pg_catalog.text END)) AS l(v pg_catalog.bpchar(6)) WHERE w."do" & 6 <> 0) AS c4, ((SELECT l.v FROM pg_catalog.json_to_record(pg_catalog.json_build_object('v', pg_catalog.left(CASE WHEN w.c5 IS NULL THEN NULL WHEN EXISTS (SELECT FROM "Old"."l" l WHERE l."Code" = w.c5) THEN (SELECT l."Words"::pg_catalog.text FROM "Old"."l" l WHERE l."Code" = w.c5) ELSE dualwrite.lookup_missing('page.Tags', 'Old', 'l', 'Code', w.c5::pg_catalog.text, NULL::pg_catalog.text) END, 5))) AS l(v pg_catalog.text) WHERE w."do" & 6 <> 0))::pg_catalog.jsonb AS c5, (w.c6)::pg_catalog.json AS c6
FROM (SELECT pg_catalog.unnest(p.n) AS n, pg_catalog.unnest(p."do") AS "do", pg_catalog.unnest(p.k0) AS k0, pg_catalog.unnest(p.p) AS p, pg_catalog.unnest(p.c0) AS c0, pg_catalog.unnest(p.y0) AS y0, pg_catalog.unnest(p.o0) AS o0, pg_catalog.unnest(p.c1) AS c1, pg_catalog.unnest(p.y1) AS y1, pg_catalog.unnest(p.o1) AS o1, pg_catalog.unnest(p.c2) AS c2, pg_catalog.unnest(p.c3) AS c3, pg_catalog.unnest(p.c4) AS c4, pg_catalog.unnest(p.c5) AS c5, pg_catalog.unnest(p.c6) AS c6
      FROM pg_catalog.json_to_record($1::pg_catalog.json) AS p(n pg_catalog.int4[], "do" pg_catalog.int4[], k0 pg_catalog.int8[], p pg_catalog."varchar"(10)[], c0 pg_catalog."varchar"(20)[], y0 pg_catalog."varchar"(20)[], o0 pg_catalog.bool[], c1 pg_catalog.text[], y1 pg_catalog.text[], o1 pg_catalog.bool[], c2 pg_catalog."varchar"(8)[], c3 pg_catalog.uuid[], c4 pg_catalog."varchar"[], c5 pg_catalog."varchar"[], c6 pg_catalog.text[])) w
) r
CROSS JOIN pg_catalog.json_to_record(pg_catalog.json_build_object('c0', '{"gone": "it''s"}'::pg_catalog.text, 'c1', NULL::pg_catalog.text)) AS d(c0 pg_catalog.text, c1 pg_catalog."varchar"(8))
LEFT JOIN "Old"."Page" t ON t."Id" = r.k0
WHERE r."create" AND t."Id" IS NULL AND r.k0 IS NOT NULL
ORDER BY r.n


-- page: remove (legacy)
UPDATE "Old"."Page" AS t SET "Data" = (d.c0)::pg_catalog.json, "Name" = d.c1, "Left" = coalesce(t."Left", pg_catalog.now()::pg_catalog.timestamptz)
FROM (SELECT w.n, w."do" & 1 <> 0 AS present, w."do" & 2 <> 0 AS "write", w."do" & 4 <> 0 AS "create", w."do" & 8 <> 0 AS remove, w.k0 AS k0, w.p AS p, w.c0 AS c0, w.y0, w.o0, w.c1 AS c1, w.y1, w.o1, w.c2 AS c2, w.c3 AS c3, (SELECT l.v FROM pg_catalog.json_to_record(pg_catalog.json_build_object('v', CASE WHEN w.c4 IS NULL THEN NULL WHEN EXISTS (SELECT FROM "Old"."l" l WHERE l."Code" = w.c4) THEN (SELECT l."Place"::pg_catalog.text FROM "Old"."l" l WHERE l."Code" = w.c4) ELSE 'none'::pg_catalog.text END)) AS l(v pg_catalog.bpchar(6)) WHERE w."do" & 6 <> 0) AS c4, ((SELECT l.v FROM pg_catalog.json_to_record(pg_catalog.json_build_object('v', pg_catalog.left(CASE WHEN w.c5 IS NULL THEN NULL WHEN EXISTS (SELECT FROM "Old"."l" l WHERE l."Code" = w.c5) THEN (SELECT l."Words"::pg_catalog.text FROM "Old"."l" l WHERE l."Code" = w.c5) ELSE dualwrite.lookup_missing('page.Tags', 'Old', 'l', 'Code', w.c5::pg_catalog.text, NULL::pg_catalog.text) END, 5))) AS l(v pg_catalog.text) WHERE w."do" & 6 <> 0))::pg_catalog.jsonb AS c5, (w.c6)::pg_catalog.json AS c6
FROM (SELECT pg_catalog.unnest(p.n) AS n, pg_catalog.unnest(p."do") AS "do", pg_catalog.unnest(p.k0) AS k0, pg_catalog.unnest(p.p) AS p, pg_catalog.unnest(p.c0) AS c0, pg_catalog.unnest(p.y0) AS y0, pg_catalog.unnest(p.o0) AS o0, pg_catalog.unnest(p.c1) AS c1, pg_catalog.unnest(p.y1) AS y1, pg_catalog.unnest(p.o1) AS o1, pg_catalog.unnest(p.c2) AS c2, pg_catalog.unnest(p.c3) AS c3, pg_catalog.unnest(p.c4) AS c4, pg_catalog.unnest(p.c5) AS c5, pg_catalog.unnest(p.c6) AS c6
      FROM pg_catalog.json_to_record($1::pg_catalog.json) AS p(n pg_catalog.int4[], "do" pg_catalog.int4[], k0 pg_catalog.int8[], p pg_catalog."varchar"(10)[], c0 pg_catalog."varchar"(20)[], y0 pg_catalog."varchar"(20)[], o0 pg_catalog.bool[], c1 pg_catalog.text[], y1 pg_catalog.text[], o1 pg_catalog.bool[], c2 pg_catalog."varchar"(8)[], c3 pg_catalog.uuid[], c4 pg_catalog."varchar"[], c5 pg_catalog."varchar"[], c6 pg_catalog.text[])) w
) r
CROSS JOIN pg_catalog.json_to_record(pg_catalog.json_build_object('c0', '{"gone": "it''s"}'::pg_catalog.text, 'c1', NULL::pg_catalog.text)) AS d(c0 pg_catalog.text, c1 pg_catalog."varchar"(8))
WHERE t."Id" = r.k0 AND r.remove
  AND ROW(t."Data", t."Name", t."Left")::pg_catalog.record OPERATOR(pg_catalog.*<>) ROW((d.c0)::pg_catalog.json, d.c1, coalesce(t."Left", pg_catalog.now()::pg_catalog.timestamptz))::pg_catalog.record


-- page: yielded (legacy)
SELECT dualwrite.placeholder_left('Old', 'Page')
FROM (SELECT w.n, w."do" & 1 <> 0 AS present, w."do" & 2 <> 0 AS "write", w."do" & 4 <> 0 AS "create", w."do" & 8 <> 0 AS remove, w.k0 AS k0, w.p AS p, w.c0 AS c0, w.y0, w.o0, w.c1 AS c1, w.y1, w.o1, w.c2 AS c2, w.c3 AS c3, (SELECT l.v FROM pg_catalog.json_to_record(pg_catalog.json_build_object('v', CASE WHEN w.c4 IS NULL THEN NULL WHEN EXISTS (SELECT FROM "Old"."l" l WHERE l."Code" = w.c4) THEN (SELECT l."Place"::pg_catalog.text FROM "Old"."l" l WHERE l."Code" = w.c4) ELSE 'none'::pg_catalog.text END)) AS l(v pg_catalog.bpchar(6)) WHERE w."do" & 6 <> 0) AS c4, ((SELECT l.v FROM pg_catalog.json_to_record(pg_catalog.json_build_object('v', pg_catalog.left(CASE WHEN w.c5 IS NULL THEN NULL WHEN EXISTS (SELECT FROM "Old"."l" l WHERE l."Code" = w.c5) THEN (SELECT l."Words"::pg_catalog.text FROM "Old"."l" l WHERE l."Code" = w.c5) ELSE dualwrite.lookup_missing('page.Tags', 'Old', 'l', 'Code', w.c5::pg_catalog.text, NULL::pg_catalog.text) END, 5))) AS l(v pg_catalog.text) WHERE w."do" & 6 <> 0))::pg_catalog.jsonb AS c5, (w.c6)::pg_catalog.json AS c6
FROM (SELECT pg_catalog.unnest(p.n) AS n, pg_catalog.unnest(p."do") AS "do", pg_catalog.unnest(p.k0) AS k0, pg_catalog.unnest(p.p) AS p, pg_catalog.unnest(p.c0) AS c0, pg_catalog.unnest(p.y0) AS y0, pg_catalog.unnest(p.o0) AS o0, pg_catalog.unnest(p.c1) AS c1, pg_catalog.unnest(p.y1) AS y1, pg_catalog.unnest(p.o1) AS o1, pg_catalog.unnest(p.c2) AS c2, pg_catalog.unnest(p.c3) AS c3, pg_catalog.unnest(p.c4) AS c4, pg_catalog.unnest(p.c5) AS c5, pg_catalog.unnest(p.c6) AS c6
      FROM pg_catalog.json_to_record($1::pg_catalog.json) AS p(n pg_catalog.int4[], "do" pg_catalog.int4[], k0 pg_catalog.int8[], p pg_catalog."varchar"(10)[], c0 pg_catalog."varchar"(20)[], y0 pg_catalog."varchar"(20)[], o0 pg_catalog.bool[], c1 pg_catalog.text[], y1 pg_catalog.text[], o1 pg_catalog.bool[], c2 pg_catalog."varchar"(8)[], c3 pg_catalog.uuid[], c4 pg_catalog."varchar"[], c5 pg_catalog."varchar"[], c6 pg_catalog.text[])) w
) r
CROSS JOIN pg_catalog.json_to_record(pg_catalog.json_build_object('c0', '{"gone": "it''s"}'::pg_catalog.text, 'c1', NULL::pg_catalog.text)) AS d(c0 pg_catalog.text, c1 pg_catalog."varchar"(8))
JOIN "Old"."Page" t ON t."Id" = r.k0
WHERE r."write" AND (pg_catalog.strpos(pg_catalog.lower(ROW(t.*)::pg_catalog.text), (pg_catalog.left('dw-' || pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to(pg_catalog.concat_ws('/', r.k0), 'UTF8')), 'hex'), 20)::pg_catalog."varchar")::pg_catalog.text) > 0)


-- page: verify (legacy)
SELECT r.n, t."Id" IS NOT NULL AS shadow, coalesce(CASE WHEN r.remove THEN t."Data"::pg_catalog.text IS NOT DISTINCT FROM ((d.c0)::pg_catalog.json)::pg_catalog.text AND t."Name" IS NOT DISTINCT FROM (d.c1) AND t."Left" IS NOT DISTINCT FROM (coalesce(t."Left", pg_catalog.now()::pg_catalog.timestamptz)) ELSE t."Slug" IS NOT DISTINCT FROM (CASE WHEN t."Slug" IN (r.c0, r.y0) THEN t."Slug" WHEN r.o0 AND NOT EXISTS (SELECT FROM "Old"."Page" h WHERE h."Slug" = r.c0 AND NOT (h."Id" = r.k0)) THEN r.c0 ELSE r.y0 END) AND t."Link" IS NOT DISTINCT FROM (CASE WHEN t."Link" IN (r.c1, r.y1) THEN t."Link" WHEN r.o1 AND NOT EXISTS (SELECT FROM "Old"."Page" h WHERE h."Link" = r.c1 AND NOT (h."Id" = r.k0)) THEN r.c1 ELSE r.y1 END) AND t."Name" IS NOT DISTINCT FROM (CASE WHEN r.present THEN r.c2 ELSE d.c1 END) AND t."Author" IS NOT DISTINCT FROM (r.c3) AND t."Shelf" IS NOT DISTINCT FROM (r.c4) AND t."Tags" IS NOT DISTINCT FROM (r.c5) AND t."Data"::pg_catalog.text IS NOT DISTINCT FROM (CASE WHEN r.present THEN r.c6 ELSE (d.c0)::pg_catalog.json END)::pg_catalog.text AND t."Word" IS NOT DISTINCT FROM (CASE WHEN r.present THEN r.p ELSE coalesce(r.p, t."Word") END) END, false) AS equal
FROM (SELECT w.n, w."do" & 1 <> 0 AS present, w."do" & 2 <> 0 AS "write", w."do" & 4 <> 0 AS "create", w."do" & 8 <> 0 AS remove, w.k0 AS k0, w.p AS p, w.c0 AS c0, w.y0, w.o0, w.c1 AS c1, w.y1, w.o1, w.c2 AS c2, w.c3 AS c3, (SELECT l.v FROM pg_catalog.json_to_record(pg_catalog.json_build_object('v', CASE WHEN w.c4 IS NULL THEN NULL WHEN EXISTS (SELECT FROM "Old"."l" l WHERE l."Code" = w.c4) THEN (SELECT l."Place"::pg_catalog.text FROM "Old"."l" l WHERE l."Code" = w.c4) ELSE 'none'::pg_catalog.text END)) AS l(v pg_catalog.bpchar(6)) WHERE w."do" & 6 <> 0) AS c4, ((SELECT l.v FROM pg_catalog.json_to_record(pg_catalog.json_build_object('v', pg_catalog.left(CASE WHEN w.c5 IS NULL THEN NULL WHEN EXISTS (SELECT FROM "Old"."l" l WHERE l."Code" = w.c5) THEN (SELECT l."Words"::pg_catalog.text FROM "Old"."l" l WHERE l."Code" = w.c5) ELSE dualwrite.lookup_missing('page.Tags', 'Old', 'l', 'Code', w.c5::pg_catalog.text, NULL::pg_catalog.text) END, 5))) AS l(v pg_catalog.text) WHERE w."do" & 6 <> 0))::pg_catalog.jsonb AS c5, (w.c6)::pg_catalog.json AS c6
FROM (SELECT pg_catalog.unnest(p.n) AS n, pg_catalog.unnest(p."do") AS "do", pg_catalog.unnest(p.k0) AS k0, pg_catalog.unnest(p.p) AS p, pg_catalog.unnest(p.c0) AS c0, pg_catalog.unnest(p.y0) AS y0, pg_catalog.unnest(p.o0) AS o0, pg_catalog.unnest(p.c1) AS c1, pg_catalog.unnest(p.y1) AS y1, pg_catalog.unnest(p.o1) AS o1, pg_catalog.unnest(p.c2) AS c2, pg_catalog.unnest(p.c3) AS c3, pg_catalog.unnest(p.c4) AS c4, pg_catalog.unnest(p.c5) AS c5, pg_catalog.unnest(p.c6) AS c6
      FROM pg_catalog.json_to_record($1::pg_catalog.json) AS p(n pg_catalog.int4[], "do" pg_catalog.int4[], k0 pg_catalog.int8[], p pg_catalog."varchar"(10)[], c0 pg_catalog."varchar"(20)[], y0 pg_catalog."varchar"(20)[], o0 pg_catalog.bool[], c1 pg_catalog.text[], y1 pg_catalog.text[], o1 pg_catalog.bool[], c2 pg_catalog."varchar"(8)[], c3 pg_catalog.uuid[], c4 pg_catalog."varchar"[], c5 pg_catalog."varchar"[], c6 pg_catalog.text[])) w
) r
CROSS JOIN pg_catalog.json_to_record(pg_catalog.json_build_object('c0', '{"gone": "it''s"}'::pg_catalog.text, 'c1', NULL::pg_catalog.text)) AS d(c0 pg_catalog.text, c1 pg_catalog."varchar"(8))
LEFT JOIN "Old"."Page" t ON t."Id" = r.k0


-- page: resync (vNext)
WITH chunk AS (
    SELECT n."Id" AS k0, ARRAY[n."Id"::pg_catalog.text, n."Word"::pg_catalog.text] AS ref, n."Id"::text AS root
    FROM "New"."b" n
    WHERE $1::text[] IS NULL OR (n."Id") > (($1::pg_catalog.text[])[1]::pg_catalog.int8)
    ORDER BY n."Id" LIMIT $2::integer
), queued AS (
    INSERT INTO dualwrite.outbox (bucket, entity, operation, ref)
    SELECT coalesce(hashtextextended(c.root, 0) & 1023, 0), 'page', 'page_u', c.ref FROM chunk c
    RETURNING 1
)
SELECT (SELECT count(*) FROM queued) AS queued,
       (SELECT ARRAY[c.k0::pg_catalog.text] FROM chunk c ORDER BY c.k0 DESC LIMIT 1) AS position


-- note: read (vNext)
SELECT w.n, coalesce(s.found, false) AS found, coalesce(s.present, false) AS present, NULL::pg_catalog.text AS parent,
       NULL::pg_catalog.text AS parent_key, m."Ok" AS verified, (m."O"::pg_catalog.text) AS k0, s.c0
FROM (SELECT u.i0::pg_catalog.int4 AS i0, u.i1::pg_catalog.text AS i1, u.n FROM unnest((SELECT $1::pg_catalog.text[]), (SELECT $2::pg_catalog.text[])) WITH ORDINALITY AS u(i0, i1, n)) w
LEFT JOIN LATERAL (SELECT b.*, (b.q0)::pg_catalog.text AS c0
FROM (SELECT true AS found, true AS present, NULL AS p0, "ref" AS k, "Body" AS q0
      FROM (SELECT source.* FROM "New"."Note" source WHERE source."ref" = w.i0 AND source."root" = w.i1 ORDER BY source."ref" DESC, source."root" DESC LIMIT 1) AS "Note") b
) s ON true
LEFT JOIN "Map"."Note Map" m ON m."X" = w.i0 AND m."Y" = w.i1
ORDER BY w.n


-- note: draw (legacy)
WITH drawn AS MATERIALIZED (
    SELECT g.n, (gen_random_uuid())::pg_catalog.uuid AS key
    FROM pg_catalog.generate_series(1, $1::pg_catalog.int4 + $2::pg_catalog.int4) AS g(n)
)
SELECT d.key::pg_catalog.text AS key,
       CASE WHEN EXISTS (SELECT FROM "Old"."Note" t WHERE t."Id" = d.key) THEN pg_catalog.format(
           'the next key for %I.%I, %I = %s, is taken by another row; its sequence is behind the table: '
           'SELECT setval(pg_get_serial_sequence(%L, %L), max(%I)) FROM %I.%I;',
           'Old', 'Note', 'Id', d.key, pg_catalog.format('%I.%I', 'Old', 'Note'), 'Id',
           'Id', 'Old', 'Note') END AS complaint
FROM drawn d WHERE d.n > $2::pg_catalog.int4 ORDER BY d.n


-- note: reserve (vNext)
WITH wanted AS MATERIALIZED (
    SELECT r.*, EXISTS (SELECT FROM "Map"."Note Map" m WHERE m."O" = r.key) AS taken
    FROM (SELECT pg_catalog.unnest(p.s0) AS s0, pg_catalog.unnest(p.s1) AS s1, pg_catalog.unnest(p.key) AS key, pg_catalog.unnest(p.refused) AS refused, pg_catalog.unnest(p.noted) AS noted FROM pg_catalog.json_to_record($1::pg_catalog.json) AS p(s0 pg_catalog.int4[], s1 pg_catalog."varchar"(9)[], key pg_catalog.uuid[], refused pg_catalog.bool[], noted pg_catalog.bool[])) r
), made AS (
    INSERT INTO "Map"."Note Map" ("X", "Y", "O", "Ok")
    SELECT r.s0, r.s1, r.key, r.noted
    FROM wanted r
    WHERE NOT r.taken AND NOT r.refused
    ON CONFLICT ("X", "Y") DO NOTHING
    RETURNING "O" AS key
)
SELECT made.key::pg_catalog.text AS key, false AS taken FROM made
UNION ALL SELECT r.key::pg_catalog.text, true FROM wanted r WHERE r.taken


-- note: missing (legacy)
SELECT k.key
FROM unnest($1::pg_catalog.text[]) k(key)
WHERE NOT EXISTS (SELECT FROM "Old"."Note" t WHERE t."Id" = k.key::pg_catalog.uuid)


-- note: update (legacy)
UPDATE "Old"."Note" AS t SET "Body" = r.c0
FROM (SELECT w.n, w."do" & 1 <> 0 AS present, w."do" & 2 <> 0 AS "write", w."do" & 4 <> 0 AS "create", w."do" & 8 <> 0 AS remove, w.k0 AS k0, w.c0 AS c0
FROM (SELECT pg_catalog.unnest(p.n) AS n, pg_catalog.unnest(p."do") AS "do", pg_catalog.unnest(p.k0) AS k0, pg_catalog.unnest(p.c0) AS c0
      FROM pg_catalog.json_to_record($1::pg_catalog.json) AS p(n pg_catalog.int4[], "do" pg_catalog.int4[], k0 pg_catalog.uuid[], c0 pg_catalog.text[])) w
) r
WHERE t."Id" = r.k0 AND r."write"
  AND ROW(t."Body")::pg_catalog.record OPERATOR(pg_catalog.*<>) ROW(r.c0)::pg_catalog.record


-- note: insert (legacy)
INSERT INTO "Old"."Note" ("Id", "Body") OVERRIDING SYSTEM VALUE
SELECT r.k0, r.c0
FROM (SELECT w.n, w."do" & 1 <> 0 AS present, w."do" & 2 <> 0 AS "write", w."do" & 4 <> 0 AS "create", w."do" & 8 <> 0 AS remove, w.k0 AS k0, w.c0 AS c0
FROM (SELECT pg_catalog.unnest(p.n) AS n, pg_catalog.unnest(p."do") AS "do", pg_catalog.unnest(p.k0) AS k0, pg_catalog.unnest(p.c0) AS c0
      FROM pg_catalog.json_to_record($1::pg_catalog.json) AS p(n pg_catalog.int4[], "do" pg_catalog.int4[], k0 pg_catalog.uuid[], c0 pg_catalog.text[])) w
) r
LEFT JOIN "Old"."Note" t ON t."Id" = r.k0
WHERE r."create" AND t."Id" IS NULL AND r.k0 IS NOT NULL
ORDER BY r.n


-- note: verify (legacy)
SELECT r.n, t."Id" IS NOT NULL AS shadow, coalesce(t."Body" IS NOT DISTINCT FROM (r.c0), false) AS equal
FROM (SELECT w.n, w."do" & 1 <> 0 AS present, w."do" & 2 <> 0 AS "write", w."do" & 4 <> 0 AS "create", w."do" & 8 <> 0 AS remove, w.k0 AS k0, w.c0 AS c0
FROM (SELECT pg_catalog.unnest(p.n) AS n, pg_catalog.unnest(p."do") AS "do", pg_catalog.unnest(p.k0) AS k0, pg_catalog.unnest(p.c0) AS c0
      FROM pg_catalog.json_to_record($1::pg_catalog.json) AS p(n pg_catalog.int4[], "do" pg_catalog.int4[], k0 pg_catalog.uuid[], c0 pg_catalog.text[])) w
) r
LEFT JOIN "Old"."Note" t ON t."Id" = r.k0


-- note: mark (vNext)
UPDATE "Map"."Note Map" AS m SET "Ok" = r.equal
FROM (SELECT pg_catalog.unnest(p.s0) AS s0, pg_catalog.unnest(p.s1) AS s1, pg_catalog.unnest(p.key) AS key, pg_catalog.unnest(p.equal) AS equal FROM pg_catalog.json_to_record($1::pg_catalog.json) AS p(s0 pg_catalog.int4[], s1 pg_catalog."varchar"(9)[], key pg_catalog.uuid[], equal pg_catalog.bool[])) r
WHERE m."X" = r.s0 AND m."Y" = r.s1 AND m."O" = r.key AND m."Ok" IS DISTINCT FROM r.equal


-- note: resync (vNext)
WITH chunk AS (
    SELECT n."ref" AS k0, n."root" AS k1, ARRAY[n."ref"::pg_catalog.text, n."root"::pg_catalog.text] AS ref, n."ref"::text AS root
    FROM "New"."Note" n
    WHERE $1::text[] IS NULL OR (n."ref", n."root") > (($1::pg_catalog.text[])[1]::pg_catalog.int4, ($1::pg_catalog.text[])[2]::pg_catalog.text)
    ORDER BY n."ref", n."root" LIMIT $2::integer
), queued AS (
    INSERT INTO dualwrite.outbox (bucket, entity, operation, ref)
    SELECT coalesce(hashtextextended(c.root, 0) & 1023, 0), 'note', 'note_u', c.ref FROM chunk c
    RETURNING 1
)
SELECT (SELECT count(*) FROM queued) AS queued,
       (SELECT ARRAY[c.k0::pg_catalog.text, c.k1::pg_catalog.text] FROM chunk c ORDER BY c.k0 DESC, c.k1 DESC LIMIT 1) AS position


-- line: read (vNext)
SELECT w.n, coalesce(s.found, false) AS found, coalesce(s.present, false) AS present, w.i1::pg_catalog.text AS parent,
       w.i1::pg_catalog.text AS parent_key, NULL::pg_catalog.bool AS verified, ((w.i0)::pg_catalog.text) AS k0, (w.i1::pg_catalog.text) AS k1, ((w.i2)::pg_catalog.text) AS k2, s.c2, s.c3
FROM (SELECT u.i0::pg_catalog.int4 AS i0, u.i1::pg_catalog.text AS i1, u.i2::pg_catalog.int4 AS i2, u.n FROM unnest((SELECT $1::pg_catalog.text[]), (SELECT $2::pg_catalog.text[]), (SELECT $3::pg_catalog.text[])) WITH ORDINALITY AS u(i0, i1, i2, n)) w
LEFT JOIN LATERAL (SELECT b.*, (b.q2)::pg_catalog.text AS c2, (CASE WHEN b.q3 IS NULL THEN NULL WHEN b.q3::pg_catalog.text = 'a' THEN 'A' ELSE dualwrite.unmapped('line.Mood', b.q3::pg_catalog.text) END)::pg_catalog.text AS c3
FROM (SELECT true AS found, ("Live" IS NOT NULL) AS present, "Word" AS p0, "Id" AS k, CASE WHEN ("Live" IS NOT NULL) THEN (1 / "Nr"
) END AS q2, CASE WHEN ("Live" IS NOT NULL) THEN "Mood" END AS q3
      FROM (SELECT source.* FROM "New"."Line" source WHERE source."User" = w.i0 AND source."Word" = w.i1 AND source."Nr" = w.i2 ORDER BY (source."Live" IS NOT NULL) DESC, source."Changed" DESC NULLS LAST, source."Id" DESC LIMIT 1) AS "Line") b
) s ON true
ORDER BY w.n


-- line: removals (vNext)
WITH stopped AS MATERIALIZED (
    SELECT pg_catalog.count(*) AS rows FROM dualwrite.failed f
    WHERE f.entity = 'line' AND f.operation = 'line_r' AND f.sqlstate = 'DW005' AND f.retry_at IS NULL
), waiting AS MATERIALIZED (
    SELECT pg_catalog.count(*) AS events, coalesce(pg_catalog.max(o.id), 0) AS newest
    FROM dualwrite.outbox o
    WHERE o.entity = 'line' AND o.operation = 'line_r' AND o.actor IS DISTINCT FROM 'dualwrited reconcile'
), counted AS MATERIALIZED (
    SELECT pg_catalog.count(*) AS rows
    FROM (SELECT FROM "New"."Line"
          LIMIT (SELECT least((s.rows + w.events) * (100 - $1::pg_catalog.int4) / $1::pg_catalog.int4 + 1, 1000000)
                 FROM stopped s, waiting w)) s
), remaining AS MATERIALIZED (
    SELECT CASE WHEN c.rows < 1000000 THEN c.rows ELSE greatest(c.rows, (
               SELECT pg_catalog.sum(p.reltuples)::pg_catalog.int8
               FROM pg_catalog.pg_class p, pg_catalog.to_regclass(pg_catalog.format('%I.%I', 'New', 'Line')) AS s(oid)
               WHERE p.oid = s.oid OR p.oid IN (SELECT i.inhrelid FROM pg_catalog.pg_inherits i WHERE i.inhparent = s.oid)))
           END AS rows
    FROM counted c
)
SELECT s.rows + CASE WHEN (s.rows + w.events) * 100 <= $1::pg_catalog.int4 * (s.rows + w.events + r.rows) THEN w.events ELSE (
           SELECT pg_catalog.count(*)
           FROM (SELECT FROM dualwrite.outbox o
                 WHERE o.entity = 'line' AND o.actor IS DISTINCT FROM 'dualwrited reconcile'
                 GROUP BY o.ref[2], o.ref[3], o.ref[4]
                 HAVING pg_catalog.max(o.id) = pg_catalog.max(o.id) FILTER (WHERE o.operation = 'line_r')
                    AND pg_catalog.min(o.id) IS DISTINCT FROM
                        pg_catalog.min(o.id) FILTER (WHERE o.operation = 'line_i')) gone) END AS removals,
       w.newest, r.rows
FROM stopped s, waiting w, remaining r


-- line: update (legacy)
UPDATE "Old"."Line" AS t SET "Text" = r.c2, "Mood" = r.c3
FROM (SELECT w.n, w."do" & 1 <> 0 AS present, w."do" & 2 <> 0 AS "write", w."do" & 4 <> 0 AS "create", w."do" & 8 <> 0 AS remove, (SELECT l.v FROM pg_catalog.json_to_record(pg_catalog.json_build_object('v', CASE WHEN w.k0 IS NULL THEN NULL WHEN EXISTS (SELECT FROM "Old"."Person" l WHERE l."Nr" = w.k0) THEN (SELECT l."Login"::pg_catalog.text FROM "Old"."Person" l WHERE l."Nr" = w.k0) ELSE dualwrite.lookup_missing('line.Who', 'Old', 'Person', 'Nr', w.k0::pg_catalog.text, NULL::pg_catalog.text) END)) AS l(v pg_catalog.bpchar(4))) AS k0, w.k1 AS k1, w.k2 AS k2, w.c2 AS c2, w.c3 AS c3
FROM (SELECT pg_catalog.unnest(p.n) AS n, pg_catalog.unnest(p."do") AS "do", pg_catalog.unnest(p.k0) AS k0, pg_catalog.unnest(p.k1) AS k1, pg_catalog.unnest(p.k2) AS k2, pg_catalog.unnest(p.c2) AS c2, pg_catalog.unnest(p.c3) AS c3
      FROM pg_catalog.json_to_record($1::pg_catalog.json) AS p(n pg_catalog.int4[], "do" pg_catalog.int4[], k0 pg_catalog.int4[], k1 pg_catalog."varchar"(10)[], k2 pg_catalog.int2[], c2 pg_catalog.numeric[], c3 pg_catalog.text[])) w
) r
WHERE t."Who" = r.k0 AND t."Word" = r.k1 AND t."Nr" = r.k2 AND r."write"
  AND ROW(t."Text", t."Mood")::pg_catalog.record OPERATOR(pg_catalog.*<>) ROW(r.c2, r.c3)::pg_catalog.record


-- line: insert (legacy)
INSERT INTO "Old"."Line" ("Who", "Word", "Nr", "Text", "Mood") OVERRIDING SYSTEM VALUE
SELECT r.k0, r.k1, r.k2, r.c2, r.c3
FROM (SELECT w.n, w."do" & 1 <> 0 AS present, w."do" & 2 <> 0 AS "write", w."do" & 4 <> 0 AS "create", w."do" & 8 <> 0 AS remove, (SELECT l.v FROM pg_catalog.json_to_record(pg_catalog.json_build_object('v', CASE WHEN w.k0 IS NULL THEN NULL WHEN EXISTS (SELECT FROM "Old"."Person" l WHERE l."Nr" = w.k0) THEN (SELECT l."Login"::pg_catalog.text FROM "Old"."Person" l WHERE l."Nr" = w.k0) ELSE dualwrite.lookup_missing('line.Who', 'Old', 'Person', 'Nr', w.k0::pg_catalog.text, NULL::pg_catalog.text) END)) AS l(v pg_catalog.bpchar(4))) AS k0, w.k1 AS k1, w.k2 AS k2, w.c2 AS c2, w.c3 AS c3
FROM (SELECT pg_catalog.unnest(p.n) AS n, pg_catalog.unnest(p."do") AS "do", pg_catalog.unnest(p.k0) AS k0, pg_catalog.unnest(p.k1) AS k1, pg_catalog.unnest(p.k2) AS k2, pg_catalog.unnest(p.c2) AS c2, pg_catalog.unnest(p.c3) AS c3
      FROM pg_catalog.json_to_record($1::pg_catalog.json) AS p(n pg_catalog.int4[], "do" pg_catalog.int4[], k0 pg_catalog.int4[], k1 pg_catalog."varchar"(10)[], k2 pg_catalog.int2[], c2 pg_catalog.numeric[], c3 pg_catalog.text[])) w
) r
LEFT JOIN "Old"."Line" t ON t."Who" = r.k0 AND t."Word" = r.k1 AND t."Nr" = r.k2
WHERE r."create" AND t."Who" IS NULL AND r.k0 IS NOT NULL AND r.k1 IS NOT NULL AND r.k2 IS NOT NULL
ORDER BY r.n


-- line: remove (legacy)
DELETE FROM "Old"."Line" AS t
USING (SELECT w.n, w."do" & 1 <> 0 AS present, w."do" & 2 <> 0 AS "write", w."do" & 4 <> 0 AS "create", w."do" & 8 <> 0 AS remove, (SELECT l.v FROM pg_catalog.json_to_record(pg_catalog.json_build_object('v', CASE WHEN w.k0 IS NULL THEN NULL WHEN EXISTS (SELECT FROM "Old"."Person" l WHERE l."Nr" = w.k0) THEN (SELECT l."Login"::pg_catalog.text FROM "Old"."Person" l WHERE l."Nr" = w.k0) ELSE dualwrite.lookup_missing('line.Who', 'Old', 'Person', 'Nr', w.k0::pg_catalog.text, NULL::pg_catalog.text) END)) AS l(v pg_catalog.bpchar(4))) AS k0, w.k1 AS k1, w.k2 AS k2, w.c2 AS c2, w.c3 AS c3
FROM (SELECT pg_catalog.unnest(p.n) AS n, pg_catalog.unnest(p."do") AS "do", pg_catalog.unnest(p.k0) AS k0, pg_catalog.unnest(p.k1) AS k1, pg_catalog.unnest(p.k2) AS k2, pg_catalog.unnest(p.c2) AS c2, pg_catalog.unnest(p.c3) AS c3
      FROM pg_catalog.json_to_record($1::pg_catalog.json) AS p(n pg_catalog.int4[], "do" pg_catalog.int4[], k0 pg_catalog.int4[], k1 pg_catalog."varchar"(10)[], k2 pg_catalog.int2[], c2 pg_catalog.numeric[], c3 pg_catalog.text[])) w
) r
WHERE t."Who" = r.k0 AND t."Word" = r.k1 AND t."Nr" = r.k2 AND r.remove


-- line: verify (legacy)
SELECT r.n, t."Who" IS NOT NULL AS shadow, coalesce(CASE WHEN r.remove THEN t."Who" IS NULL ELSE t."Text" IS NOT DISTINCT FROM (r.c2) AND t."Mood" IS NOT DISTINCT FROM (r.c3) END, false) AS equal
FROM (SELECT w.n, w."do" & 1 <> 0 AS present, w."do" & 2 <> 0 AS "write", w."do" & 4 <> 0 AS "create", w."do" & 8 <> 0 AS remove, (SELECT l.v FROM pg_catalog.json_to_record(pg_catalog.json_build_object('v', CASE WHEN w.k0 IS NULL THEN NULL WHEN EXISTS (SELECT FROM "Old"."Person" l WHERE l."Nr" = w.k0) THEN (SELECT l."Login"::pg_catalog.text FROM "Old"."Person" l WHERE l."Nr" = w.k0) ELSE dualwrite.lookup_missing('line.Who', 'Old', 'Person', 'Nr', w.k0::pg_catalog.text, NULL::pg_catalog.text) END)) AS l(v pg_catalog.bpchar(4))) AS k0, w.k1 AS k1, w.k2 AS k2, w.c2 AS c2, w.c3 AS c3
FROM (SELECT pg_catalog.unnest(p.n) AS n, pg_catalog.unnest(p."do") AS "do", pg_catalog.unnest(p.k0) AS k0, pg_catalog.unnest(p.k1) AS k1, pg_catalog.unnest(p.k2) AS k2, pg_catalog.unnest(p.c2) AS c2, pg_catalog.unnest(p.c3) AS c3
      FROM pg_catalog.json_to_record($1::pg_catalog.json) AS p(n pg_catalog.int4[], "do" pg_catalog.int4[], k0 pg_catalog.int4[], k1 pg_catalog."varchar"(10)[], k2 pg_catalog.int2[], c2 pg_catalog.numeric[], c3 pg_catalog.text[])) w
) r
LEFT JOIN "Old"."Line" t ON t."Who" = r.k0 AND t."Word" = r.k1 AND t."Nr" = r.k2


-- line: resync (vNext)
WITH chunk AS (
    SELECT n."Id" AS k0, ARRAY[n."Id"::pg_catalog.text, n."User"::pg_catalog.text, n."Word"::pg_catalog.text, n."Nr"::pg_catalog.text] AS ref, n."Word"::text AS root
    FROM "New"."Line" n
    WHERE $1::text[] IS NULL OR (n."Id") > (($1::pg_catalog.text[])[1]::pg_catalog.int8)
    ORDER BY n."Id" LIMIT $2::integer
), queued AS (
    INSERT INTO dualwrite.outbox (bucket, entity, operation, ref)
    SELECT coalesce(hashtextextended(c.root, 0) & 1023, 0), 'line', 'line_u', c.ref FROM chunk c
    RETURNING 1
)
SELECT (SELECT count(*) FROM queued) AS queued,
       (SELECT ARRAY[c.k0::pg_catalog.text] FROM chunk c ORDER BY c.k0 DESC LIMIT 1) AS position


