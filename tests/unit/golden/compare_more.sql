-- word.vnext_count
SELECT pg_catalog.count(*) AS rows FROM "New"."Word" n


-- word.vnext_last
SELECT ARRAY[n."Code"::pg_catalog.text]::pg_catalog.text[] AS last FROM "New"."Word" n ORDER BY n."Code" DESC LIMIT 1


-- word.vnext_list
SELECT pg_catalog.array_to_json(ARRAY[n."Code"::pg_catalog.text]::pg_catalog.text[]) AS ref
FROM "New"."Word" n
WHERE ($1::pg_catalog.text[] IS NULL OR (n."Code") > (($1::pg_catalog.text[])[1]::pg_catalog.text)) AND (n."Code") <= (($3::pg_catalog.text[])[1]::pg_catalog.text)
ORDER BY n."Code" LIMIT $2::pg_catalog.int4


-- word.doubt
WITH w AS MATERIALIZED (SELECT u.i0::pg_catalog.text AS i0, u.n FROM unnest((SELECT $1::pg_catalog.text[])) WITH ORDINALITY AS u(i0, n)), waiting AS (
    SELECT DISTINCT o.ref[1] AS i0
    FROM dualwrite.outbox o
    WHERE o.entity = 'word'
      AND o.bucket / 16 = ANY (ARRAY(SELECT coalesce(pg_catalog.hashtextextended(w.i0::pg_catalog.text, 0) & 1023, 0)
                                            ::pg_catalog.int4 / 16 FROM w))
), failed AS (
    SELECT f.ref[1] AS i0, pg_catalog.min(f.message) AS message, pg_catalog.bool_and(f.retry_at IS NULL) AS parked
    FROM dualwrite.failed f
    WHERE f.entity = 'word'
    GROUP BY f.ref[1]
), marked AS (
    SELECT EXISTS (
        SELECT FROM dualwrite.resync r
        WHERE r.entity = 'word'
          AND coalesce(pg_catalog.pg_sequence_last_value(('dualwrite.resync_' || r.entity)::pg_catalog.regclass), 0) > r.handled
    ) AS now
)
SELECT w.n, s.version, e.i0 IS NOT NULL OR marked.now AS waits, f.message, coalesce(f.parked, false) AS parked
FROM w
CROSS JOIN marked
LEFT JOIN LATERAL (
    SELECT pg_catalog.string_agg(source.xmin::pg_catalog.text || source.ctid::pg_catalog.text, ',' ORDER BY source.ctid) AS version
    FROM "New"."Word" source WHERE source."Code" = w.i0) s ON true
LEFT JOIN waiting e ON e.i0 = w.i0::pg_catalog.text
LEFT JOIN failed f ON f.i0 = w.i0::pg_catalog.text
ORDER BY w.n


-- word.compare
SELECT r.n, t."Code" IS NOT NULL AS shadow, t.xmin::pg_catalog.text || t.ctid::pg_catalog.text AS version,
       CASE WHEN t."Code" IS NULL THEN NULL
            WHEN r.remove THEN NULL::pg_catalog.text
            ELSE NULL::pg_catalog.text END AS differences
FROM (SELECT w.n, w."do" & 1 <> 0 AS present, w."do" & 2 <> 0 AS "write", w."do" & 4 <> 0 AS "create", w."do" & 8 <> 0 AS remove, w.k0 AS k0
FROM (SELECT pg_catalog.unnest(p.n) AS n, pg_catalog.unnest(p."do") AS "do", pg_catalog.unnest(p.k0) AS k0
      FROM pg_catalog.json_to_record($1::pg_catalog.json) AS p(n pg_catalog.int4[], "do" pg_catalog.int4[], k0 pg_catalog."varchar"(10)[])) w
) r
LEFT JOIN "Old"."Word" t ON t."Code" = r.k0
ORDER BY r.n


-- word.vnext_middle
SELECT ARRAY[n."Code"::pg_catalog.text]::pg_catalog.text[] AS middle
FROM "New"."Word" n
WHERE ($1::pg_catalog.text[] IS NULL OR (n."Code") > (($1::pg_catalog.text[])[1]::pg_catalog.text)) AND (n."Code") <= (($3::pg_catalog.text[])[1]::pg_catalog.text)
ORDER BY n."Code" OFFSET $2::pg_catalog.int4 - 1 LIMIT 1


-- word.glance_vnext
WITH w AS MATERIALIZED (
    SELECT n."Code" AS r0, n."Code" AS i0
    FROM "New"."Word" n
    WHERE ($1::pg_catalog.text[] IS NULL OR (n."Code") > (($1::pg_catalog.text[])[1]::pg_catalog.text)) AND (n."Code") <= (($3::pg_catalog.text[])[1]::pg_catalog.text)
    ORDER BY n."Code" LIMIT $2::pg_catalog.int4
)
SELECT pg_catalog.count(*) AS rows, (SELECT ARRAY[w.r0::pg_catalog.text]::pg_catalog.text[] FROM w ORDER BY w.r0 DESC LIMIT 1) AS position,
       pg_catalog.json_agg(w.r0::pg_catalog.text) AS ref0, 
       pg_catalog.array_agg(CASE WHEN s.present THEN 7 WHEN s.found THEN 8 ELSE 16 END) AS "do", pg_catalog.array_agg(x.k0) AS k0
FROM w
LEFT JOIN LATERAL (SELECT b.*
FROM (SELECT true AS found, ("Gone" IS NULL) AS present, NULL AS p0, "Code" AS k
      FROM (SELECT source.* FROM "New"."Word" source WHERE source."Code" = w.i0 ORDER BY (source."Gone" IS NULL) DESC, source."Code" DESC LIMIT 1) AS "Word") b
) s ON true
CROSS JOIN LATERAL (SELECT w.r0, ((w.i0)::pg_catalog.text) AS k0) x


-- word.glance_legacy
SELECT pg_catalog.json_agg(r.n) FILTER (WHERE r."do" & 16 <> 0 OR CASE WHEN t."Code" IS NULL THEN r."do" & 4 <> 0
           WHEN r."do" & 8 <> 0 THEN true WHEN r."do" & 2 <> 0 THEN false ELSE false END OR (r."do" & 1 = 0 AND pg_catalog.length(r.k0) > 10)) AS suspects
FROM (SELECT w.n, w."do", w."do" & 1 <> 0 AS present, w.k0 AS k0
      FROM unnest($1::pg_catalog.int4[], $2::pg_catalog."varchar"[]) WITH ORDINALITY AS w("do", k0, n)) r
LEFT JOIN "Old"."Word" t ON t."Code" = r.k0


-- word.legacy_count
SELECT pg_catalog.count(*) AS rows FROM "Old"."Word" n


-- word.legacy_last
SELECT ARRAY[n."Code"::pg_catalog.text]::pg_catalog.text[] AS last FROM "Old"."Word" n ORDER BY n."Code" DESC LIMIT 1


-- word.legacy_list
SELECT pg_catalog.array_to_json(ARRAY[t."Code"::pg_catalog.text]::pg_catalog.text[]) AS position,
       pg_catalog.array_to_json(ARRAY[t."Code"::pg_catalog.text]::pg_catalog.text[]) AS key
FROM "Old"."Word" t
WHERE ($1::pg_catalog.text[] IS NULL OR (t."Code") > (($1::pg_catalog.text[])[1]::pg_catalog."varchar")) AND (t."Code") <= (($3::pg_catalog.text[])[1]::pg_catalog."varchar")
ORDER BY t."Code" LIMIT $2::pg_catalog.int4


-- word.legacy_middle
SELECT ARRAY[n."Code"::pg_catalog.text]::pg_catalog.text[] AS middle
FROM "Old"."Word" n
WHERE ($1::pg_catalog.text[] IS NULL OR (n."Code") > (($1::pg_catalog.text[])[1]::pg_catalog."varchar")) AND (n."Code") <= (($3::pg_catalog.text[])[1]::pg_catalog."varchar")
ORDER BY n."Code" OFFSET $2::pg_catalog.int4 - 1 LIMIT 1


-- word.glance_keys
WITH w AS MATERIALIZED (
    SELECT t."Code" AS r0, t."Code"::pg_catalog.text AS k0
    FROM "Old"."Word" t
    WHERE ($1::pg_catalog.text[] IS NULL OR (t."Code") > (($1::pg_catalog.text[])[1]::pg_catalog."varchar")) AND (t."Code") <= (($3::pg_catalog.text[])[1]::pg_catalog."varchar")
    ORDER BY t."Code" LIMIT $2::pg_catalog.int4
)
SELECT pg_catalog.count(*) AS rows, (SELECT ARRAY[w.r0::pg_catalog.text]::pg_catalog.text[] FROM w ORDER BY w.r0 DESC LIMIT 1) AS position,
       pg_catalog.array_agg(w.k0) AS k0
FROM w


-- word.stands_for
SELECT v.n, v.known, v.identity, v.gone
FROM (SELECT u.n, v0.v IS NOT NULL AND s.there IS NOT NULL AS known, pg_catalog.array_to_json(ARRAY[v0.v]::pg_catalog.text[]) AS identity,
             (v0.v IS NOT NULL) AND false AND s.there IS NULL AS gone
      FROM unnest($1::pg_catalog.text[]) WITH ORDINALITY AS u(k0, n)
CROSS JOIN LATERAL (SELECT u.k0 AS v) v0
      LEFT JOIN LATERAL (SELECT true AS there FROM "New"."Word" source WHERE (v0.v IS NOT NULL) AND source."Code" = v0.v::pg_catalog.text LIMIT 1) s ON true) v
WHERE NOT v.known OR v.gone
ORDER BY v.n


-- page.vnext_count
SELECT pg_catalog.count(*) AS rows FROM "New"."b" n


-- page.vnext_last
SELECT ARRAY[n."Id"::pg_catalog.text]::pg_catalog.text[] AS last FROM "New"."b" n ORDER BY n."Id" DESC LIMIT 1


-- page.vnext_list
SELECT pg_catalog.array_to_json(ARRAY[n."Id"::pg_catalog.text, n."Word"::pg_catalog.text]::pg_catalog.text[]) AS ref
FROM "New"."b" n
WHERE ($1::pg_catalog.text[] IS NULL OR (n."Id") > (($1::pg_catalog.text[])[1]::pg_catalog.int8)) AND (n."Id") <= (($3::pg_catalog.text[])[1]::pg_catalog.int8)
ORDER BY n."Id" LIMIT $2::pg_catalog.int4


-- page.doubt
WITH w AS MATERIALIZED (SELECT u.i0::pg_catalog.int8 AS i0, u.n FROM unnest((SELECT $1::pg_catalog.text[])) WITH ORDINALITY AS u(i0, n)), waiting AS (
    SELECT DISTINCT o.ref[1] AS i0
    FROM dualwrite.outbox o
    WHERE o.entity = 'page'
      AND o.bucket / 16 = ANY (ARRAY(SELECT coalesce(pg_catalog.hashtextextended(w.i0::pg_catalog.text, 0) & 1023, 0)
                                            ::pg_catalog.int4 / 16 FROM w))
), failed AS (
    SELECT f.ref[1] AS i0, pg_catalog.min(f.message) AS message, pg_catalog.bool_and(f.retry_at IS NULL) AS parked
    FROM dualwrite.failed f
    WHERE f.entity = 'page'
    GROUP BY f.ref[1]
), marked AS (
    SELECT EXISTS (
        SELECT FROM dualwrite.resync r
        WHERE r.entity = 'page'
          AND coalesce(pg_catalog.pg_sequence_last_value(('dualwrite.resync_' || r.entity)::pg_catalog.regclass), 0) > r.handled
    ) AS now
)
SELECT w.n, s.version, e.i0 IS NOT NULL OR marked.now AS waits, f.message, coalesce(f.parked, false) AS parked
FROM w
CROSS JOIN marked
LEFT JOIN LATERAL (
    SELECT pg_catalog.string_agg(source.xmin::pg_catalog.text || source.ctid::pg_catalog.text, ',' ORDER BY source.ctid) AS version
    FROM "New"."b" source WHERE source."Id" = w.i0) s ON true
LEFT JOIN waiting e ON e.i0 = w.i0::pg_catalog.text
LEFT JOIN failed f ON f.i0 = w.i0::pg_catalog.text
ORDER BY w.n


-- page.compare
SELECT r.n, t."Id" IS NOT NULL AS shadow, t.xmin::pg_catalog.text || t.ctid::pg_catalog.text AS version,
       CASE WHEN t."Id" IS NULL THEN NULL
            WHEN r.remove THEN CASE WHEN ROW(t."Data", t."Name", t."Left")::pg_catalog.record OPERATOR(pg_catalog.*<>) ROW((d.c0)::pg_catalog.json, d.c1, coalesce(t."Left", pg_catalog.now()::pg_catalog.timestamptz))::pg_catalog.record THEN
    (SELECT pg_catalog.json_agg(pg_catalog.json_build_array(x.name, pg_catalog.left(x.should_be, 200), pg_catalog.left(x.is, 200)))
                ::pg_catalog.text
     FROM (VALUES ('Data', ((d.c0)::pg_catalog.json)::pg_catalog.text, t."Data"::pg_catalog.text, ROW(t."Data")::pg_catalog.record OPERATOR(pg_catalog.*<>) ROW((d.c0)::pg_catalog.json)::pg_catalog.record), ('Name', (d.c1)::pg_catalog.text, t."Name"::pg_catalog.text, ROW(t."Name")::pg_catalog.record OPERATOR(pg_catalog.*<>) ROW(d.c1)::pg_catalog.record), ('Left', (coalesce(t."Left", pg_catalog.now()::pg_catalog.timestamptz))::pg_catalog.text, t."Left"::pg_catalog.text, ROW(t."Left")::pg_catalog.record OPERATOR(pg_catalog.*<>) ROW(coalesce(t."Left", pg_catalog.now()::pg_catalog.timestamptz))::pg_catalog.record)) AS x(name, should_be, "is", differs) WHERE x.differs) END

            ELSE CASE WHEN ROW(t."Slug", t."Link", t."Name", t."Author", t."Shelf", t."Tags", t."Data", t."Word")::pg_catalog.record OPERATOR(pg_catalog.*<>) ROW(CASE WHEN t."Slug" IN (r.c0, r.y0) THEN t."Slug" WHEN r.o0 AND NOT EXISTS (SELECT FROM "Old"."Page" h WHERE h."Slug" = r.c0 AND NOT (h."Id" = r.k0)) THEN r.c0 ELSE r.y0 END, CASE WHEN t."Link" IN (r.c1, r.y1) THEN t."Link" WHEN r.o1 AND NOT EXISTS (SELECT FROM "Old"."Page" h WHERE h."Link" = r.c1 AND NOT (h."Id" = r.k0)) THEN r.c1 ELSE r.y1 END, CASE WHEN r.present THEN r.c2 ELSE d.c1 END, r.c3, r.c4, r.c5, CASE WHEN r.present THEN r.c6 ELSE (d.c0)::pg_catalog.json END, CASE WHEN r.present THEN r.p ELSE coalesce(r.p, t."Word") END)::pg_catalog.record THEN
    (SELECT pg_catalog.json_agg(pg_catalog.json_build_array(x.name, pg_catalog.left(x.should_be, 200), pg_catalog.left(x.is, 200)))
                ::pg_catalog.text
     FROM (VALUES ('Slug', (CASE WHEN t."Slug" IN (r.c0, r.y0) THEN t."Slug" WHEN r.o0 AND NOT EXISTS (SELECT FROM "Old"."Page" h WHERE h."Slug" = r.c0 AND NOT (h."Id" = r.k0)) THEN r.c0 ELSE r.y0 END)::pg_catalog.text, t."Slug"::pg_catalog.text, ROW(t."Slug")::pg_catalog.record OPERATOR(pg_catalog.*<>) ROW(CASE WHEN t."Slug" IN (r.c0, r.y0) THEN t."Slug" WHEN r.o0 AND NOT EXISTS (SELECT FROM "Old"."Page" h WHERE h."Slug" = r.c0 AND NOT (h."Id" = r.k0)) THEN r.c0 ELSE r.y0 END)::pg_catalog.record), ('Link', (CASE WHEN t."Link" IN (r.c1, r.y1) THEN t."Link" WHEN r.o1 AND NOT EXISTS (SELECT FROM "Old"."Page" h WHERE h."Link" = r.c1 AND NOT (h."Id" = r.k0)) THEN r.c1 ELSE r.y1 END)::pg_catalog.text, t."Link"::pg_catalog.text, ROW(t."Link")::pg_catalog.record OPERATOR(pg_catalog.*<>) ROW(CASE WHEN t."Link" IN (r.c1, r.y1) THEN t."Link" WHEN r.o1 AND NOT EXISTS (SELECT FROM "Old"."Page" h WHERE h."Link" = r.c1 AND NOT (h."Id" = r.k0)) THEN r.c1 ELSE r.y1 END)::pg_catalog.record), ('Name', (CASE WHEN r.present THEN r.c2 ELSE d.c1 END)::pg_catalog.text, t."Name"::pg_catalog.text, ROW(t."Name")::pg_catalog.record OPERATOR(pg_catalog.*<>) ROW(CASE WHEN r.present THEN r.c2 ELSE d.c1 END)::pg_catalog.record), ('Author', (r.c3)::pg_catalog.text, t."Author"::pg_catalog.text, ROW(t."Author")::pg_catalog.record OPERATOR(pg_catalog.*<>) ROW(r.c3)::pg_catalog.record), ('Shelf', (r.c4)::pg_catalog.text, t."Shelf"::pg_catalog.text, ROW(t."Shelf")::pg_catalog.record OPERATOR(pg_catalog.*<>) ROW(r.c4)::pg_catalog.record), ('Tags', (r.c5)::pg_catalog.text, t."Tags"::pg_catalog.text, ROW(t."Tags")::pg_catalog.record OPERATOR(pg_catalog.*<>) ROW(r.c5)::pg_catalog.record), ('Data', (CASE WHEN r.present THEN r.c6 ELSE (d.c0)::pg_catalog.json END)::pg_catalog.text, t."Data"::pg_catalog.text, ROW(t."Data")::pg_catalog.record OPERATOR(pg_catalog.*<>) ROW(CASE WHEN r.present THEN r.c6 ELSE (d.c0)::pg_catalog.json END)::pg_catalog.record), ('Word', (CASE WHEN r.present THEN r.p ELSE coalesce(r.p, t."Word") END)::pg_catalog.text, t."Word"::pg_catalog.text, ROW(t."Word")::pg_catalog.record OPERATOR(pg_catalog.*<>) ROW(CASE WHEN r.present THEN r.p ELSE coalesce(r.p, t."Word") END)::pg_catalog.record)) AS x(name, should_be, "is", differs) WHERE x.differs) END
 END AS differences
FROM (SELECT w.n, w."do" & 1 <> 0 AS present, w."do" & 2 <> 0 AS "write", w."do" & 4 <> 0 AS "create", w."do" & 8 <> 0 AS remove, w.k0 AS k0, w.p AS p, w.c0 AS c0, w.y0, w.o0, w.c1 AS c1, w.y1, w.o1, w.c2 AS c2, w.c3 AS c3, (SELECT l.v FROM pg_catalog.json_to_record(pg_catalog.json_build_object('v', CASE WHEN w.c4 IS NULL THEN NULL WHEN EXISTS (SELECT FROM "Old"."l" l WHERE l."Code" = w.c4) THEN (SELECT l."Place"::pg_catalog.text FROM "Old"."l" l WHERE l."Code" = w.c4) ELSE 'none'::pg_catalog.text END)) AS l(v pg_catalog.bpchar(6)) WHERE w."do" & 6 <> 0) AS c4, ((SELECT l.v FROM pg_catalog.json_to_record(pg_catalog.json_build_object('v', pg_catalog.left(CASE WHEN w.c5 IS NULL THEN NULL WHEN EXISTS (SELECT FROM "Old"."l" l WHERE l."Code" = w.c5) THEN (SELECT l."Words"::pg_catalog.text FROM "Old"."l" l WHERE l."Code" = w.c5) ELSE dualwrite.lookup_missing('page.Tags', 'Old', 'l', 'Code', w.c5::pg_catalog.text, NULL::pg_catalog.text) END, 5))) AS l(v pg_catalog.text) WHERE w."do" & 6 <> 0))::pg_catalog.jsonb AS c5, (w.c6)::pg_catalog.json AS c6
FROM (SELECT pg_catalog.unnest(p.n) AS n, pg_catalog.unnest(p."do") AS "do", pg_catalog.unnest(p.k0) AS k0, pg_catalog.unnest(p.p) AS p, pg_catalog.unnest(p.c0) AS c0, pg_catalog.unnest(p.y0) AS y0, pg_catalog.unnest(p.o0) AS o0, pg_catalog.unnest(p.c1) AS c1, pg_catalog.unnest(p.y1) AS y1, pg_catalog.unnest(p.o1) AS o1, pg_catalog.unnest(p.c2) AS c2, pg_catalog.unnest(p.c3) AS c3, pg_catalog.unnest(p.c4) AS c4, pg_catalog.unnest(p.c5) AS c5, pg_catalog.unnest(p.c6) AS c6
      FROM pg_catalog.json_to_record($1::pg_catalog.json) AS p(n pg_catalog.int4[], "do" pg_catalog.int4[], k0 pg_catalog.int8[], p pg_catalog."varchar"(10)[], c0 pg_catalog."varchar"(20)[], y0 pg_catalog."varchar"(20)[], o0 pg_catalog.bool[], c1 pg_catalog.text[], y1 pg_catalog.text[], o1 pg_catalog.bool[], c2 pg_catalog."varchar"(8)[], c3 pg_catalog.uuid[], c4 pg_catalog."varchar"[], c5 pg_catalog."varchar"[], c6 pg_catalog.text[])) w
) r
CROSS JOIN pg_catalog.json_to_record(pg_catalog.json_build_object('c0', '{"gone": "it''s"}'::pg_catalog.text, 'c1', NULL::pg_catalog.text)) AS d(c0 pg_catalog.text, c1 pg_catalog."varchar"(8))
LEFT JOIN "Old"."Page" t ON t."Id" = r.k0
ORDER BY r.n


-- page.vnext_middle
SELECT ARRAY[n."Id"::pg_catalog.text]::pg_catalog.text[] AS middle
FROM "New"."b" n
WHERE ($1::pg_catalog.text[] IS NULL OR (n."Id") > (($1::pg_catalog.text[])[1]::pg_catalog.int8)) AND (n."Id") <= (($3::pg_catalog.text[])[1]::pg_catalog.int8)
ORDER BY n."Id" OFFSET $2::pg_catalog.int4 - 1 LIMIT 1


-- page.glance_vnext
WITH w AS MATERIALIZED (
    SELECT n."Id" AS r0, n."Word" AS r1, n."Id" AS i0
    FROM "New"."b" n
    WHERE ($1::pg_catalog.text[] IS NULL OR (n."Id") > (($1::pg_catalog.text[])[1]::pg_catalog.int8)) AND (n."Id") <= (($3::pg_catalog.text[])[1]::pg_catalog.int8)
    ORDER BY n."Id" LIMIT $2::pg_catalog.int4
)
SELECT pg_catalog.count(*) AS rows, (SELECT ARRAY[w.r0::pg_catalog.text]::pg_catalog.text[] FROM w ORDER BY w.r0 DESC LIMIT 1) AS position,
       pg_catalog.json_agg(w.r0::pg_catalog.text) AS ref0, pg_catalog.json_agg(w.r1::pg_catalog.text) AS ref1, pg_catalog.count(s.x4), pg_catalog.count(s.x5), 
       pg_catalog.array_agg(CASE WHEN s.present THEN 7 WHEN s.found THEN 2 ELSE 16 END) AS "do", pg_catalog.array_agg(x.k0) AS k0, pg_catalog.array_agg(x.p) AS p, pg_catalog.array_agg(s.c0) AS c0, pg_catalog.array_agg(s.y0) AS y0, pg_catalog.array_agg(s.o0) AS o0, pg_catalog.array_agg(s.c1) AS c1, pg_catalog.array_agg(s.y1) AS y1, pg_catalog.array_agg(s.o1) AS o1, pg_catalog.array_agg(s.c2) AS c2, pg_catalog.array_agg(s.c3) AS c3, pg_catalog.array_agg(s.c4) AS c4, pg_catalog.array_agg(s.c5) AS c5, pg_catalog.array_agg(s.c6) AS c6
FROM w
LEFT JOIN LATERAL (SELECT b.*, pg_catalog.left((b.q0)::pg_catalog.text, 20) AS c0, dualwrite.suffixed((b.q0)::pg_catalog.text, b.k::pg_catalog.text, 20) AS y0, NOT EXISTS (SELECT FROM (SELECT "Slug" AS q, "Id" AS k FROM "New"."b") a WHERE pg_catalog.left((a.q)::pg_catalog.text, 20) = pg_catalog.left((b.q0)::pg_catalog.text, 20) AND a.k < b.k) AS o0, pg_catalog.left((b.q1)::pg_catalog.text, 12) AS c1, dualwrite.suffixed((b.q1)::pg_catalog.text, b.k::pg_catalog.text, 12) AS y1, NOT EXISTS (SELECT FROM (SELECT (v || "Slug" -- both
) AS q, "Id" AS k FROM "New"."b") a WHERE pg_catalog.left((a.q)::pg_catalog.text, 12) = pg_catalog.left((b.q1)::pg_catalog.text, 12) AND a.k < b.k) AS o1, pg_catalog.left((b.q2)::pg_catalog.text, 8) AS c2, CASE WHEN b.q3 IS NULL THEN NULL WHEN EXISTS (SELECT FROM "Look"."Person" l WHERE l."User" = b.q3) THEN (SELECT l."Id"::pg_catalog.text FROM "Look"."Person" l WHERE l."User" = b.q3) ELSE dualwrite.lookup_missing('page.Author', 'Look', 'Person', 'User', b.q3::pg_catalog.text, NULL::pg_catalog.text) END AS c3, (b.q4)::pg_catalog.text AS c4, (b.q5)::pg_catalog.text AS c5, (b.q6)::pg_catalog.text AS c6, (b.z2)::pg_catalog.text AS x2, CASE WHEN b.z4 IS NULL THEN NULL WHEN EXISTS (SELECT FROM "Look"."Person" l WHERE l."User" = b.z4) THEN (SELECT l."Id"::pg_catalog.text FROM "Look"."Person" l WHERE l."User" = b.z4) ELSE dualwrite.lookup_missing('page.Author', 'Look', 'Person', 'User', b.z4::pg_catalog.text, NULL::pg_catalog.text) END AS x4, pg_catalog.left((b.z5)::pg_catalog.text, 2) AS x5
FROM (SELECT true AS found, coalesce("v"::pg_catalog.text IN ('here'), false) AS present, "Word" AS p0, "Id" AS k, "Slug" AS q0, coalesce((v || "Slug" -- both
)) AS q1, "v" AS q2, "User" AS q3, "Shelf" AS q4, "Shelf" AS q5, "Data" AS q6, "Data" AS z2, "User" AS z4, coalesce((upper(v)
)) AS z5
      FROM (SELECT source.* FROM "New"."b" source WHERE source."Id" = w.i0 ORDER BY coalesce(source."v"::pg_catalog.text IN ('here'), false) DESC, source."Id" DESC LIMIT 1) AS "b") b
) s ON true
LEFT JOIN "Map"."Page Map" m ON m."N" = w.i0
CROSS JOIN LATERAL (SELECT w.r0, (m."O"::pg_catalog.text) AS k0, s.p0::pg_catalog.text AS p) x


-- page.glance_legacy
SELECT pg_catalog.json_agg(r.n) FILTER (WHERE r."do" & 16 <> 0 OR CASE WHEN t."Id" IS NULL THEN r."do" & 4 <> 0
           WHEN r."do" & 8 <> 0 THEN true WHEN r."do" & 2 <> 0 THEN ROW(t."Slug", t."Link", t."Name", t."Author", t."Shelf", t."Tags", t."Data", t."Word")::pg_catalog.record OPERATOR(pg_catalog.*<>) ROW(CASE WHEN t."Slug" IN (r.c0, r.y0) THEN t."Slug" WHEN r.o0 AND NOT EXISTS (SELECT FROM "Old"."Page" h WHERE h."Slug" = r.c0 AND NOT (h."Id" = r.k0)) THEN r.c0 ELSE r.y0 END, CASE WHEN t."Link" IN (r.c1, r.y1) THEN t."Link" WHEN r.o1 AND NOT EXISTS (SELECT FROM "Old"."Page" h WHERE h."Link" = r.c1 AND NOT (h."Id" = r.k0)) THEN r.c1 ELSE r.y1 END, CASE WHEN r.present THEN r.c2 ELSE d.c1 END, r.c3, r.c4, r.c5, CASE WHEN r.present THEN r.c6 ELSE (d.c0)::pg_catalog.json END, CASE WHEN r.present THEN r.p ELSE coalesce(r.p, t."Word") END)::pg_catalog.record ELSE false END OR (r."do" & 1 = 0 AND pg_catalog.length(r.p) > 10) OR (r."do" & 1 = 0 AND pg_catalog.length(r.c0) > 20) OR (r."do" & 1 = 0 AND pg_catalog.length(r.y0) > 20) OR (r."do" & 1 = 0 AND pg_catalog.length(r.c2) > 8)) AS suspects, pg_catalog.count(r.c4) FILTER (WHERE r."do" & 1 = 0), pg_catalog.count(r.c5) FILTER (WHERE r."do" & 1 = 0), pg_catalog.count(r.c6) FILTER (WHERE r."do" & 1 = 0)
FROM (SELECT w.n, w."do", w."do" & 1 <> 0 AS present, (w.k0)::pg_catalog.int8 AS k0, w.p AS p, w.c0 AS c0, w.y0 AS y0, w.o0, (w.c1)::pg_catalog.text AS c1, (w.y1)::pg_catalog.text AS y1, w.o1, w.c2 AS c2, (w.c3)::pg_catalog.uuid AS c3, (SELECT l.v FROM pg_catalog.json_to_record(pg_catalog.json_build_object('v', CASE WHEN (w.c4)::pg_catalog."varchar" IS NULL THEN NULL WHEN EXISTS (SELECT FROM "Old"."l" l WHERE l."Code" = (w.c4)::pg_catalog."varchar") THEN (SELECT l."Place"::pg_catalog.text FROM "Old"."l" l WHERE l."Code" = (w.c4)::pg_catalog."varchar") ELSE 'none'::pg_catalog.text END)) AS l(v pg_catalog.bpchar(6)) WHERE w."do" & 6 <> 0) AS c4, ((SELECT l.v FROM pg_catalog.json_to_record(pg_catalog.json_build_object('v', pg_catalog.left(CASE WHEN (w.c5)::pg_catalog."varchar" IS NULL THEN NULL WHEN EXISTS (SELECT FROM "Old"."l" l WHERE l."Code" = (w.c5)::pg_catalog."varchar") THEN (SELECT l."Words"::pg_catalog.text FROM "Old"."l" l WHERE l."Code" = (w.c5)::pg_catalog."varchar") ELSE dualwrite.lookup_missing('page.Tags', 'Old', 'l', 'Code', (w.c5)::pg_catalog."varchar"::pg_catalog.text, NULL::pg_catalog.text) END, 5))) AS l(v pg_catalog.text) WHERE w."do" & 6 <> 0))::pg_catalog.jsonb AS c5, (w.c6)::pg_catalog.json AS c6
      FROM unnest($1::pg_catalog.int4[], $2::pg_catalog.int8[], $3::pg_catalog."varchar"[], $4::pg_catalog."varchar"[], $5::pg_catalog."varchar"[], $6::pg_catalog.bool[], $7::pg_catalog.text[], $8::pg_catalog.text[], $9::pg_catalog.bool[], $10::pg_catalog."varchar"[], $11::pg_catalog.uuid[], $12::pg_catalog.text[], $13::pg_catalog.text[], $14::pg_catalog.text[]) WITH ORDINALITY AS w("do", k0, p, c0, y0, o0, c1, y1, o1, c2, c3, c4, c5, c6, n)) r
CROSS JOIN pg_catalog.json_to_record(pg_catalog.json_build_object('c0', '{"gone": "it''s"}'::pg_catalog.text, 'c1', NULL::pg_catalog.text)) AS d(c0 pg_catalog.text, c1 pg_catalog."varchar"(8))
LEFT JOIN "Old"."Page" t ON t."Id" = r.k0


-- page.legacy_count
SELECT pg_catalog.count(*) AS rows FROM "Old"."Page" n


-- page.legacy_last
SELECT ARRAY[n."Id"::pg_catalog.text]::pg_catalog.text[] AS last FROM "Old"."Page" n ORDER BY n."Id" DESC LIMIT 1


-- page.legacy_list
SELECT pg_catalog.array_to_json(ARRAY[t."Id"::pg_catalog.text]::pg_catalog.text[]) AS position,
       pg_catalog.array_to_json(ARRAY[t."Id"::pg_catalog.text]::pg_catalog.text[]) AS key
FROM "Old"."Page" t
WHERE ($1::pg_catalog.text[] IS NULL OR (t."Id") > (($1::pg_catalog.text[])[1]::pg_catalog.int8)) AND (t."Id") <= (($3::pg_catalog.text[])[1]::pg_catalog.int8)
ORDER BY t."Id" LIMIT $2::pg_catalog.int4


-- page.legacy_middle
SELECT ARRAY[n."Id"::pg_catalog.text]::pg_catalog.text[] AS middle
FROM "Old"."Page" n
WHERE ($1::pg_catalog.text[] IS NULL OR (n."Id") > (($1::pg_catalog.text[])[1]::pg_catalog.int8)) AND (n."Id") <= (($3::pg_catalog.text[])[1]::pg_catalog.int8)
ORDER BY n."Id" OFFSET $2::pg_catalog.int4 - 1 LIMIT 1


-- page.glance_keys
WITH w AS MATERIALIZED (
    SELECT t."Id" AS r0, t."Id"::pg_catalog.text AS k0
    FROM "Old"."Page" t
    WHERE ($1::pg_catalog.text[] IS NULL OR (t."Id") > (($1::pg_catalog.text[])[1]::pg_catalog.int8)) AND (t."Id") <= (($3::pg_catalog.text[])[1]::pg_catalog.int8)
    ORDER BY t."Id" LIMIT $2::pg_catalog.int4
)
SELECT pg_catalog.count(*) AS rows, (SELECT ARRAY[w.r0::pg_catalog.text]::pg_catalog.text[] FROM w ORDER BY w.r0 DESC LIMIT 1) AS position,
       pg_catalog.array_agg(w.k0) AS k0
FROM w


-- page.stands_for
SELECT v.n, v.known, v.identity, v.gone
FROM (SELECT u.n, m."O" IS NOT NULL AS known, pg_catalog.array_to_json(ARRAY[m."N"::pg_catalog.text]::pg_catalog.text[]) AS identity,
             (m."O" IS NOT NULL) AND true AND s.there IS NULL AS gone
      FROM unnest($1::pg_catalog.text[]) WITH ORDINALITY AS u(k0, n)
LEFT JOIN "Map"."Page Map" m ON m."O" = u.k0::pg_catalog.int8
      LEFT JOIN LATERAL (SELECT true AS there FROM "New"."b" source WHERE (m."O" IS NOT NULL) AND m."N" = source."Id" LIMIT 1) s ON true) v
WHERE NOT v.known OR v.gone
ORDER BY v.n


-- note.vnext_count
SELECT pg_catalog.count(*) AS rows FROM "New"."Note" n


-- note.vnext_last
SELECT ARRAY[n."ref"::pg_catalog.text, n."root"::pg_catalog.text]::pg_catalog.text[] AS last FROM "New"."Note" n ORDER BY n."ref" DESC, n."root" DESC LIMIT 1


-- note.vnext_list
SELECT pg_catalog.array_to_json(ARRAY[n."ref"::pg_catalog.text, n."root"::pg_catalog.text]::pg_catalog.text[]) AS ref
FROM "New"."Note" n
WHERE ($1::pg_catalog.text[] IS NULL OR (n."ref", n."root") > (($1::pg_catalog.text[])[1]::pg_catalog.int4, ($1::pg_catalog.text[])[2]::pg_catalog.text)) AND (n."ref", n."root") <= (($3::pg_catalog.text[])[1]::pg_catalog.int4, ($3::pg_catalog.text[])[2]::pg_catalog.text)
ORDER BY n."ref", n."root" LIMIT $2::pg_catalog.int4


-- note.doubt
WITH w AS MATERIALIZED (SELECT u.i0::pg_catalog.int4 AS i0, u.i1::pg_catalog.text AS i1, u.n FROM unnest((SELECT $1::pg_catalog.text[]), (SELECT $2::pg_catalog.text[])) WITH ORDINALITY AS u(i0, i1, n)), waiting AS (
    SELECT DISTINCT o.ref[1] AS i0, o.ref[2] AS i1
    FROM dualwrite.outbox o
    WHERE o.entity = 'note'
      AND o.bucket / 16 = ANY (ARRAY(SELECT coalesce(pg_catalog.hashtextextended(w.i0::pg_catalog.text, 0) & 1023, 0)
                                            ::pg_catalog.int4 / 16 FROM w))
), failed AS (
    SELECT f.ref[1] AS i0, f.ref[2] AS i1, pg_catalog.min(f.message) AS message, pg_catalog.bool_and(f.retry_at IS NULL) AS parked
    FROM dualwrite.failed f
    WHERE f.entity = 'note'
    GROUP BY f.ref[1], f.ref[2]
), marked AS (
    SELECT EXISTS (
        SELECT FROM dualwrite.resync r
        WHERE r.entity = 'note'
          AND coalesce(pg_catalog.pg_sequence_last_value(('dualwrite.resync_' || r.entity)::pg_catalog.regclass), 0) > r.handled
    ) AS now
)
SELECT w.n, s.version, e.i0 IS NOT NULL OR marked.now AS waits, f.message, coalesce(f.parked, false) AS parked
FROM w
CROSS JOIN marked
LEFT JOIN LATERAL (
    SELECT pg_catalog.string_agg(source.xmin::pg_catalog.text || source.ctid::pg_catalog.text, ',' ORDER BY source.ctid) AS version
    FROM "New"."Note" source WHERE source."ref" = w.i0 AND source."root" = w.i1) s ON true
LEFT JOIN waiting e ON e.i0 = w.i0::pg_catalog.text AND e.i1 = w.i1::pg_catalog.text
LEFT JOIN failed f ON f.i0 = w.i0::pg_catalog.text AND f.i1 = w.i1::pg_catalog.text
ORDER BY w.n


-- note.compare
SELECT r.n, t."Id" IS NOT NULL AS shadow, t.xmin::pg_catalog.text || t.ctid::pg_catalog.text AS version,
       CASE WHEN t."Id" IS NULL THEN NULL
            WHEN r.remove THEN NULL::pg_catalog.text
            ELSE CASE WHEN ROW(t."Body")::pg_catalog.record OPERATOR(pg_catalog.*<>) ROW(r.c0)::pg_catalog.record THEN
    (SELECT pg_catalog.json_agg(pg_catalog.json_build_array(x.name, pg_catalog.left(x.should_be, 200), pg_catalog.left(x.is, 200)))
                ::pg_catalog.text
     FROM (VALUES ('Body', (r.c0)::pg_catalog.text, t."Body"::pg_catalog.text, ROW(t."Body")::pg_catalog.record OPERATOR(pg_catalog.*<>) ROW(r.c0)::pg_catalog.record)) AS x(name, should_be, "is", differs) WHERE x.differs) END
 END AS differences
FROM (SELECT w.n, w."do" & 1 <> 0 AS present, w."do" & 2 <> 0 AS "write", w."do" & 4 <> 0 AS "create", w."do" & 8 <> 0 AS remove, w.k0 AS k0, w.c0 AS c0
FROM (SELECT pg_catalog.unnest(p.n) AS n, pg_catalog.unnest(p."do") AS "do", pg_catalog.unnest(p.k0) AS k0, pg_catalog.unnest(p.c0) AS c0
      FROM pg_catalog.json_to_record($1::pg_catalog.json) AS p(n pg_catalog.int4[], "do" pg_catalog.int4[], k0 pg_catalog.uuid[], c0 pg_catalog.text[])) w
) r
LEFT JOIN "Old"."Note" t ON t."Id" = r.k0
ORDER BY r.n


-- note.vnext_middle
SELECT ARRAY[n."ref"::pg_catalog.text, n."root"::pg_catalog.text]::pg_catalog.text[] AS middle
FROM "New"."Note" n
WHERE ($1::pg_catalog.text[] IS NULL OR (n."ref", n."root") > (($1::pg_catalog.text[])[1]::pg_catalog.int4, ($1::pg_catalog.text[])[2]::pg_catalog.text)) AND (n."ref", n."root") <= (($3::pg_catalog.text[])[1]::pg_catalog.int4, ($3::pg_catalog.text[])[2]::pg_catalog.text)
ORDER BY n."ref", n."root" OFFSET $2::pg_catalog.int4 - 1 LIMIT 1


-- note.glance_vnext
WITH w AS MATERIALIZED (
    SELECT n."ref" AS r0, n."root" AS r1, n."ref" AS i0, n."root" AS i1
    FROM "New"."Note" n
    WHERE ($1::pg_catalog.text[] IS NULL OR (n."ref", n."root") > (($1::pg_catalog.text[])[1]::pg_catalog.int4, ($1::pg_catalog.text[])[2]::pg_catalog.text)) AND (n."ref", n."root") <= (($3::pg_catalog.text[])[1]::pg_catalog.int4, ($3::pg_catalog.text[])[2]::pg_catalog.text)
    ORDER BY n."ref", n."root" LIMIT $2::pg_catalog.int4
)
SELECT pg_catalog.count(*) AS rows, (SELECT ARRAY[w.r0::pg_catalog.text, w.r1::pg_catalog.text]::pg_catalog.text[] FROM w ORDER BY w.r0 DESC, w.r1 DESC LIMIT 1) AS position,
       pg_catalog.json_agg(w.r0::pg_catalog.text) AS ref0, pg_catalog.json_agg(w.r1::pg_catalog.text) AS ref1, 
       pg_catalog.array_agg(CASE WHEN s.present THEN 7 WHEN s.found THEN 0 ELSE 16 END) AS "do", pg_catalog.array_agg(x.k0) AS k0, pg_catalog.array_agg(s.c0) AS c0
FROM w
LEFT JOIN LATERAL (SELECT b.*, (b.q0)::pg_catalog.text AS c0
FROM (SELECT true AS found, true AS present, NULL AS p0, "ref" AS k, "Body" AS q0
      FROM (SELECT source.* FROM "New"."Note" source WHERE source."ref" = w.i0 AND source."root" = w.i1 ORDER BY source."ref" DESC, source."root" DESC LIMIT 1) AS "Note") b
) s ON true
LEFT JOIN "Map"."Note Map" m ON m."X" = w.i0 AND m."Y" = w.i1
CROSS JOIN LATERAL (SELECT w.r0, (m."O"::pg_catalog.text) AS k0) x


-- note.glance_legacy
SELECT pg_catalog.json_agg(r.n) FILTER (WHERE r."do" & 16 <> 0 OR CASE WHEN t."Id" IS NULL THEN r."do" & 4 <> 0
           WHEN r."do" & 8 <> 0 THEN true WHEN r."do" & 2 <> 0 THEN ROW(t."Body")::pg_catalog.record OPERATOR(pg_catalog.*<>) ROW(r.c0)::pg_catalog.record ELSE false END) AS suspects
FROM (SELECT w.n, w."do", w."do" & 1 <> 0 AS present, (w.k0)::pg_catalog.uuid AS k0, (w.c0)::pg_catalog.text AS c0
      FROM unnest($1::pg_catalog.int4[], $2::pg_catalog.uuid[], $3::pg_catalog.text[]) WITH ORDINALITY AS w("do", k0, c0, n)) r
LEFT JOIN "Old"."Note" t ON t."Id" = r.k0


-- note.legacy_count
SELECT pg_catalog.count(*) AS rows FROM "Old"."Note" n


-- note.legacy_last
SELECT ARRAY[n."Id"::pg_catalog.text]::pg_catalog.text[] AS last FROM "Old"."Note" n ORDER BY n."Id" DESC LIMIT 1


-- note.legacy_list
SELECT pg_catalog.array_to_json(ARRAY[t."Id"::pg_catalog.text]::pg_catalog.text[]) AS position,
       pg_catalog.array_to_json(ARRAY[t."Id"::pg_catalog.text]::pg_catalog.text[]) AS key
FROM "Old"."Note" t
WHERE ($1::pg_catalog.text[] IS NULL OR (t."Id") > (($1::pg_catalog.text[])[1]::pg_catalog.uuid)) AND (t."Id") <= (($3::pg_catalog.text[])[1]::pg_catalog.uuid)
ORDER BY t."Id" LIMIT $2::pg_catalog.int4


-- note.legacy_middle
SELECT ARRAY[n."Id"::pg_catalog.text]::pg_catalog.text[] AS middle
FROM "Old"."Note" n
WHERE ($1::pg_catalog.text[] IS NULL OR (n."Id") > (($1::pg_catalog.text[])[1]::pg_catalog.uuid)) AND (n."Id") <= (($3::pg_catalog.text[])[1]::pg_catalog.uuid)
ORDER BY n."Id" OFFSET $2::pg_catalog.int4 - 1 LIMIT 1


-- note.glance_keys
WITH w AS MATERIALIZED (
    SELECT t."Id" AS r0, t."Id"::pg_catalog.text AS k0
    FROM "Old"."Note" t
    WHERE ($1::pg_catalog.text[] IS NULL OR (t."Id") > (($1::pg_catalog.text[])[1]::pg_catalog.uuid)) AND (t."Id") <= (($3::pg_catalog.text[])[1]::pg_catalog.uuid)
    ORDER BY t."Id" LIMIT $2::pg_catalog.int4
)
SELECT pg_catalog.count(*) AS rows, (SELECT ARRAY[w.r0::pg_catalog.text]::pg_catalog.text[] FROM w ORDER BY w.r0 DESC LIMIT 1) AS position,
       pg_catalog.array_agg(w.k0) AS k0
FROM w


-- note.stands_for
SELECT v.n, v.known, v.identity, v.gone
FROM (SELECT u.n, m."O" IS NOT NULL AS known, pg_catalog.array_to_json(ARRAY[m."X"::pg_catalog.text, m."Y"::pg_catalog.text]::pg_catalog.text[]) AS identity,
             (m."O" IS NOT NULL) AND true AND s.there IS NULL AS gone
      FROM unnest($1::pg_catalog.text[]) WITH ORDINALITY AS u(k0, n)
LEFT JOIN "Map"."Note Map" m ON m."O" = u.k0::pg_catalog.uuid
      LEFT JOIN LATERAL (SELECT true AS there FROM "New"."Note" source WHERE (m."O" IS NOT NULL) AND m."X" = source."ref" AND m."Y" = source."root" LIMIT 1) s ON true) v
WHERE NOT v.known OR v.gone
ORDER BY v.n


-- line.vnext_count
SELECT pg_catalog.count(*) AS rows FROM "New"."Line" n


-- line.vnext_last
SELECT ARRAY[n."Id"::pg_catalog.text]::pg_catalog.text[] AS last FROM "New"."Line" n ORDER BY n."Id" DESC LIMIT 1


-- line.vnext_list
SELECT pg_catalog.array_to_json(ARRAY[n."Id"::pg_catalog.text, n."User"::pg_catalog.text, n."Word"::pg_catalog.text, n."Nr"::pg_catalog.text]::pg_catalog.text[]) AS ref
FROM "New"."Line" n
WHERE ($1::pg_catalog.text[] IS NULL OR (n."Id") > (($1::pg_catalog.text[])[1]::pg_catalog.int8)) AND (n."Id") <= (($3::pg_catalog.text[])[1]::pg_catalog.int8)
ORDER BY n."Id" LIMIT $2::pg_catalog.int4


-- line.doubt
WITH w AS MATERIALIZED (SELECT u.i0::pg_catalog.int4 AS i0, u.i1::pg_catalog.text AS i1, u.i2::pg_catalog.int4 AS i2, u.n FROM unnest((SELECT $1::pg_catalog.text[]), (SELECT $2::pg_catalog.text[]), (SELECT $3::pg_catalog.text[])) WITH ORDINALITY AS u(i0, i1, i2, n)), waiting AS (
    SELECT DISTINCT o.ref[2] AS i0, o.ref[3] AS i1, o.ref[4] AS i2
    FROM dualwrite.outbox o
    WHERE o.entity = 'line'
      AND o.bucket / 16 = ANY (ARRAY(SELECT coalesce(pg_catalog.hashtextextended(w.i1::pg_catalog.text, 0) & 1023, 0)
                                            ::pg_catalog.int4 / 16 FROM w))
), failed AS (
    SELECT f.ref[2] AS i0, f.ref[3] AS i1, f.ref[4] AS i2, pg_catalog.min(f.message) AS message, pg_catalog.bool_and(f.retry_at IS NULL) AS parked
    FROM dualwrite.failed f
    WHERE f.entity = 'line'
    GROUP BY f.ref[2], f.ref[3], f.ref[4]
), marked AS (
    SELECT EXISTS (
        SELECT FROM dualwrite.resync r
        WHERE r.entity = 'line'
          AND coalesce(pg_catalog.pg_sequence_last_value(('dualwrite.resync_' || r.entity)::pg_catalog.regclass), 0) > r.handled
    ) AS now
)
SELECT w.n, s.version, e.i0 IS NOT NULL OR marked.now AS waits, f.message, coalesce(f.parked, false) AS parked
FROM w
CROSS JOIN marked
LEFT JOIN LATERAL (
    SELECT pg_catalog.string_agg(source.xmin::pg_catalog.text || source.ctid::pg_catalog.text, ',' ORDER BY source.ctid) AS version
    FROM "New"."Line" source WHERE source."User" = w.i0 AND source."Word" = w.i1 AND source."Nr" = w.i2) s ON true
LEFT JOIN waiting e ON e.i0 = w.i0::pg_catalog.text AND e.i1 = w.i1::pg_catalog.text AND e.i2 = w.i2::pg_catalog.text
LEFT JOIN failed f ON f.i0 = w.i0::pg_catalog.text AND f.i1 = w.i1::pg_catalog.text AND f.i2 = w.i2::pg_catalog.text
ORDER BY w.n


-- line.compare
SELECT r.n, t."Who" IS NOT NULL AS shadow, t.xmin::pg_catalog.text || t.ctid::pg_catalog.text AS version,
       CASE WHEN t."Who" IS NULL THEN NULL
            WHEN r.remove THEN NULL::pg_catalog.text
            ELSE CASE WHEN ROW(t."Text", t."Mood")::pg_catalog.record OPERATOR(pg_catalog.*<>) ROW(r.c2, r.c3)::pg_catalog.record THEN
    (SELECT pg_catalog.json_agg(pg_catalog.json_build_array(x.name, pg_catalog.left(x.should_be, 200), pg_catalog.left(x.is, 200)))
                ::pg_catalog.text
     FROM (VALUES ('Text', (r.c2)::pg_catalog.text, t."Text"::pg_catalog.text, ROW(t."Text")::pg_catalog.record OPERATOR(pg_catalog.*<>) ROW(r.c2)::pg_catalog.record), ('Mood', (r.c3)::pg_catalog.text, t."Mood"::pg_catalog.text, ROW(t."Mood")::pg_catalog.record OPERATOR(pg_catalog.*<>) ROW(r.c3)::pg_catalog.record)) AS x(name, should_be, "is", differs) WHERE x.differs) END
 END AS differences
FROM (SELECT w.n, w."do" & 1 <> 0 AS present, w."do" & 2 <> 0 AS "write", w."do" & 4 <> 0 AS "create", w."do" & 8 <> 0 AS remove, (SELECT l.v FROM pg_catalog.json_to_record(pg_catalog.json_build_object('v', CASE WHEN w.k0 IS NULL THEN NULL WHEN EXISTS (SELECT FROM "Old"."Person" l WHERE l."Nr" = w.k0) THEN (SELECT l."Login"::pg_catalog.text FROM "Old"."Person" l WHERE l."Nr" = w.k0) ELSE dualwrite.lookup_missing('line.Who', 'Old', 'Person', 'Nr', w.k0::pg_catalog.text, NULL::pg_catalog.text) END)) AS l(v pg_catalog.bpchar(4))) AS k0, w.k1 AS k1, w.k2 AS k2, w.c2 AS c2, w.c3 AS c3
FROM (SELECT pg_catalog.unnest(p.n) AS n, pg_catalog.unnest(p."do") AS "do", pg_catalog.unnest(p.k0) AS k0, pg_catalog.unnest(p.k1) AS k1, pg_catalog.unnest(p.k2) AS k2, pg_catalog.unnest(p.c2) AS c2, pg_catalog.unnest(p.c3) AS c3
      FROM pg_catalog.json_to_record($1::pg_catalog.json) AS p(n pg_catalog.int4[], "do" pg_catalog.int4[], k0 pg_catalog.int4[], k1 pg_catalog."varchar"(10)[], k2 pg_catalog.int2[], c2 pg_catalog.numeric[], c3 pg_catalog.text[])) w
) r
LEFT JOIN "Old"."Line" t ON t."Who" = r.k0 AND t."Word" = r.k1 AND t."Nr" = r.k2
ORDER BY r.n


-- line.vnext_middle
SELECT ARRAY[n."Id"::pg_catalog.text]::pg_catalog.text[] AS middle
FROM "New"."Line" n
WHERE ($1::pg_catalog.text[] IS NULL OR (n."Id") > (($1::pg_catalog.text[])[1]::pg_catalog.int8)) AND (n."Id") <= (($3::pg_catalog.text[])[1]::pg_catalog.int8)
ORDER BY n."Id" OFFSET $2::pg_catalog.int4 - 1 LIMIT 1


-- line.glance_vnext
WITH w AS MATERIALIZED (
    SELECT n."Id" AS r0, n."User" AS r1, n."Word" AS r2, n."Nr" AS r3, n."User" AS i0, n."Word" AS i1, n."Nr" AS i2
    FROM "New"."Line" n
    WHERE ($1::pg_catalog.text[] IS NULL OR (n."Id") > (($1::pg_catalog.text[])[1]::pg_catalog.int8)) AND (n."Id") <= (($3::pg_catalog.text[])[1]::pg_catalog.int8)
    ORDER BY n."Id" LIMIT $2::pg_catalog.int4
)
SELECT pg_catalog.count(*) AS rows, (SELECT ARRAY[w.r0::pg_catalog.text]::pg_catalog.text[] FROM w ORDER BY w.r0 DESC LIMIT 1) AS position,
       pg_catalog.json_agg(w.r0::pg_catalog.text) AS ref0, pg_catalog.json_agg(w.r1::pg_catalog.text) AS ref1, pg_catalog.json_agg(w.r2::pg_catalog.text) AS ref2, pg_catalog.json_agg(w.r3::pg_catalog.text) AS ref3, 
       pg_catalog.array_agg(CASE WHEN s.present THEN 7 WHEN s.found THEN 8 ELSE 16 END) AS "do", pg_catalog.array_agg(x.k0) AS k0, pg_catalog.array_agg(x.k1) AS k1, pg_catalog.array_agg(x.k2) AS k2, pg_catalog.array_agg(s.c2) AS c2, pg_catalog.array_agg(s.c3) AS c3
FROM w
LEFT JOIN LATERAL (SELECT b.*, (b.q2)::pg_catalog.text AS c2, (CASE WHEN b.q3 IS NULL THEN NULL WHEN b.q3::pg_catalog.text = 'a' THEN 'A' ELSE dualwrite.unmapped('line.Mood', b.q3::pg_catalog.text) END)::pg_catalog.text AS c3
FROM (SELECT true AS found, ("Live" IS NOT NULL) AS present, "Word" AS p0, "Id" AS k, CASE WHEN ("Live" IS NOT NULL) THEN (1 / "Nr"
) END AS q2, CASE WHEN ("Live" IS NOT NULL) THEN "Mood" END AS q3
      FROM (SELECT source.* FROM "New"."Line" source WHERE source."User" = w.i0 AND source."Word" = w.i1 AND source."Nr" = w.i2 ORDER BY (source."Live" IS NOT NULL) DESC, source."Changed" DESC NULLS LAST, source."Id" DESC LIMIT 1) AS "Line") b
) s ON true
CROSS JOIN LATERAL (SELECT w.r0, ((w.i0)::pg_catalog.text) AS k0, (w.i1::pg_catalog.text) AS k1, ((w.i2)::pg_catalog.text) AS k2) x


-- line.glance_legacy
SELECT pg_catalog.json_agg(r.n) FILTER (WHERE r."do" & 16 <> 0 OR CASE WHEN t."Who" IS NULL THEN r."do" & 4 <> 0
           WHEN r."do" & 8 <> 0 THEN true WHEN r."do" & 2 <> 0 THEN ROW(t."Text", t."Mood")::pg_catalog.record OPERATOR(pg_catalog.*<>) ROW(r.c2, r.c3)::pg_catalog.record ELSE false END OR (r."do" & 1 = 0 AND pg_catalog.length(r.k1) > 10)) AS suspects, pg_catalog.count(r.k0) FILTER (WHERE r."do" & 1 = 0), pg_catalog.count(r.c2) FILTER (WHERE r."do" & 1 = 0)
FROM (SELECT w.n, w."do", w."do" & 1 <> 0 AS present, (SELECT l.v FROM pg_catalog.json_to_record(pg_catalog.json_build_object('v', CASE WHEN (w.k0)::pg_catalog.int4 IS NULL THEN NULL WHEN EXISTS (SELECT FROM "Old"."Person" l WHERE l."Nr" = (w.k0)::pg_catalog.int4) THEN (SELECT l."Login"::pg_catalog.text FROM "Old"."Person" l WHERE l."Nr" = (w.k0)::pg_catalog.int4) ELSE dualwrite.lookup_missing('line.Who', 'Old', 'Person', 'Nr', (w.k0)::pg_catalog.int4::pg_catalog.text, NULL::pg_catalog.text) END)) AS l(v pg_catalog.bpchar(4))) AS k0, w.k1 AS k1, (w.k2)::pg_catalog.int2 AS k2, (w.c2)::pg_catalog.numeric AS c2, (w.c3)::pg_catalog.text AS c3
      FROM unnest($1::pg_catalog.int4[], $2::pg_catalog.text[], $3::pg_catalog."varchar"[], $4::pg_catalog.int2[], $5::pg_catalog.numeric[], $6::pg_catalog.text[]) WITH ORDINALITY AS w("do", k0, k1, k2, c2, c3, n)) r
LEFT JOIN "Old"."Line" t ON t."Who" = r.k0 AND t."Word" = r.k1 AND t."Nr" = r.k2


-- line.legacy_count
SELECT pg_catalog.count(*) AS rows FROM "Old"."Line" n


-- line.legacy_last
SELECT ARRAY[n."Who"::pg_catalog.text, n."Word"::pg_catalog.text, n."Nr"::pg_catalog.text]::pg_catalog.text[] AS last FROM "Old"."Line" n ORDER BY n."Who" DESC, n."Word" DESC, n."Nr" DESC LIMIT 1


-- line.legacy_list
SELECT pg_catalog.array_to_json(ARRAY[t."Who"::pg_catalog.text, t."Word"::pg_catalog.text, t."Nr"::pg_catalog.text]::pg_catalog.text[]) AS position,
       pg_catalog.array_to_json(ARRAY[(SELECT pg_catalog.min(l."Nr"::pg_catalog.text) FROM "Old"."Person" l WHERE l."Login"::pg_catalog.text = t."Who"::pg_catalog.text), t."Word"::pg_catalog.text, t."Nr"::pg_catalog.text]::pg_catalog.text[]) AS key
FROM "Old"."Line" t
WHERE ($1::pg_catalog.text[] IS NULL OR (t."Who", t."Word", t."Nr") > (($1::pg_catalog.text[])[1]::pg_catalog.bpchar, ($1::pg_catalog.text[])[2]::pg_catalog."varchar", ($1::pg_catalog.text[])[3]::pg_catalog.int2)) AND (t."Who", t."Word", t."Nr") <= (($3::pg_catalog.text[])[1]::pg_catalog.bpchar, ($3::pg_catalog.text[])[2]::pg_catalog."varchar", ($3::pg_catalog.text[])[3]::pg_catalog.int2)
ORDER BY t."Who", t."Word", t."Nr" LIMIT $2::pg_catalog.int4


-- line.legacy_middle
SELECT ARRAY[n."Who"::pg_catalog.text, n."Word"::pg_catalog.text, n."Nr"::pg_catalog.text]::pg_catalog.text[] AS middle
FROM "Old"."Line" n
WHERE ($1::pg_catalog.text[] IS NULL OR (n."Who", n."Word", n."Nr") > (($1::pg_catalog.text[])[1]::pg_catalog.bpchar, ($1::pg_catalog.text[])[2]::pg_catalog."varchar", ($1::pg_catalog.text[])[3]::pg_catalog.int2)) AND (n."Who", n."Word", n."Nr") <= (($3::pg_catalog.text[])[1]::pg_catalog.bpchar, ($3::pg_catalog.text[])[2]::pg_catalog."varchar", ($3::pg_catalog.text[])[3]::pg_catalog.int2)
ORDER BY n."Who", n."Word", n."Nr" OFFSET $2::pg_catalog.int4 - 1 LIMIT 1


-- line.glance_keys
WITH w AS MATERIALIZED (
    SELECT t."Who" AS r0, (SELECT pg_catalog.min(l."Nr"::pg_catalog.text) FROM "Old"."Person" l WHERE l."Login"::pg_catalog.text = t."Who"::pg_catalog.text) AS k0, t."Word" AS r1, t."Word"::pg_catalog.text AS k1, t."Nr" AS r2, t."Nr"::pg_catalog.text AS k2
    FROM "Old"."Line" t
    WHERE ($1::pg_catalog.text[] IS NULL OR (t."Who", t."Word", t."Nr") > (($1::pg_catalog.text[])[1]::pg_catalog.bpchar, ($1::pg_catalog.text[])[2]::pg_catalog."varchar", ($1::pg_catalog.text[])[3]::pg_catalog.int2)) AND (t."Who", t."Word", t."Nr") <= (($3::pg_catalog.text[])[1]::pg_catalog.bpchar, ($3::pg_catalog.text[])[2]::pg_catalog."varchar", ($3::pg_catalog.text[])[3]::pg_catalog.int2)
    ORDER BY t."Who", t."Word", t."Nr" LIMIT $2::pg_catalog.int4
)
SELECT pg_catalog.count(*) AS rows, (SELECT ARRAY[w.r0::pg_catalog.text, w.r1::pg_catalog.text, w.r2::pg_catalog.text]::pg_catalog.text[] FROM w ORDER BY w.r0 DESC, w.r1 DESC, w.r2 DESC LIMIT 1) AS position,
       pg_catalog.array_agg(w.k0) AS k0, pg_catalog.array_agg(w.k1) AS k1, pg_catalog.array_agg(w.k2) AS k2
FROM w


-- line.stands_for
SELECT v.n, v.known, v.identity, v.gone
FROM (SELECT u.n, v0.v IS NOT NULLg.there IS NOT NULL AND v1.v IS NOT NULL AND v2.v IS NOT NULL AS known, pg_catalog.array_to_json(ARRAY[v0.v, v1.v, v2.v]::pg_catalog.text[]) AS identity,
             (v0.v IS NOT NULLg.there IS NOT NULL AND v1.v IS NOT NULL AND v2.v IS NOT NULL) AND true AND s.there IS NULL AS gone
      FROM unnest($1::pg_catalog.text[], $2::pg_catalog.text[], $3::pg_catalog.text[]) WITH ORDINALITY AS u(k0, k1, k2, n)
CROSS JOIN LATERAL (SELECT u.k0 AS v) v0
LEFT JOIN LATERAL (SELECT true AS there FROM "New"."Word" p WHERE p."Code" = u.k1::pg_catalog.text LIMIT 1) g ON true
CROSS JOIN LATERAL (SELECT u.k1 AS v) v1
CROSS JOIN LATERAL (SELECT u.k2 AS v) v2
      LEFT JOIN LATERAL (SELECT true AS there FROM "New"."Line" source WHERE (v0.v IS NOT NULLg.there IS NOT NULL AND v1.v IS NOT NULL AND v2.v IS NOT NULL) AND source."User" = v0.v::pg_catalog.int8 AND source."Word" = v1.v::pg_catalog.text AND source."Nr" = v2.v::pg_catalog.int8 LIMIT 1) s ON true) v
WHERE NOT v.known OR v.gone
ORDER BY v.n


