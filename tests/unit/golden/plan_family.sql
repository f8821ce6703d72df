-- org: read (vNext)
SELECT w.n, coalesce(s.found, false) AS found, coalesce(s.present, false) AS present, NULL::pg_catalog.text AS parent,
       NULL::pg_catalog.text AS parent_key, m."Seen" AS verified, (m."Old Id"::pg_catalog.text) AS k0, s.c0, s.c0 AS x0, s.x1
FROM (SELECT u.i0::pg_catalog.uuid AS i0, u.n FROM unnest((SELECT $1::pg_catalog.text[])) WITH ORDINALITY AS u(i0, n)) w
LEFT JOIN LATERAL (SELECT b.*, pg_catalog.left((b.q0)::pg_catalog.text, 20) AS c0, 'it''s'::pg_catalog.text AS x1
FROM (SELECT true AS found, true AS present, NULL AS p0, "Id" AS k, "Name" AS q0
      FROM (SELECT source.* FROM "New"."Org" source WHERE source."Id" = w.i0 ORDER BY source."Id" DESC LIMIT 1) AS "Org") b
) s ON true
LEFT JOIN "Map"."Org Map" m ON m."New Id" = w.i0
ORDER BY w.n


-- org: draw (legacy)
WITH drawn AS MATERIALIZED (
    SELECT g.n, (nextval('"Old"."Org Seq"'::regclass))::pg_catalog.int8 AS key
    FROM pg_catalog.generate_series(1, $1::pg_catalog.int4 + $2::pg_catalog.int4) AS g(n)
)
SELECT d.key::pg_catalog.text AS key,
       CASE WHEN EXISTS (SELECT FROM "Old"."O""rg" t WHERE t."Id" = d.key) THEN pg_catalog.format(
           'the next key for %I.%I, %I = %s, is taken by another row; its sequence is behind the table: '
           'SELECT setval(pg_get_serial_sequence(%L, %L), max(%I)) FROM %I.%I;',
           'Old', 'O"rg', 'Id', d.key, pg_catalog.format('%I.%I', 'Old', 'O"rg'), 'Id',
           'Id', 'Old', 'O"rg') END AS complaint
FROM drawn d WHERE d.n > $2::pg_catalog.int4 ORDER BY d.n


-- org: reserve (vNext)
WITH wanted AS MATERIALIZED (
    SELECT r.*, EXISTS (SELECT FROM "Map"."Org Map" m WHERE m."Old Id" = r.key) AS taken
    FROM (SELECT pg_catalog.unnest(p.s0) AS s0, pg_catalog.unnest(p.key) AS key, pg_catalog.unnest(p.refused) AS refused, pg_catalog.unnest(p.noted) AS noted, pg_catalog.unnest(p.x0) AS x0, pg_catalog.unnest(p.x1) AS x1 FROM pg_catalog.json_to_record($1::pg_catalog.json) AS p(s0 pg_catalog.uuid[], key pg_catalog.int8[], refused pg_catalog.bool[], noted pg_catalog.bool[], x0 pg_catalog.text[], x1 pg_catalog.text[])) r
), made AS (
    INSERT INTO "Map"."Org Map" ("New Id", "Old Id", "Title", "By", "Seen")
    SELECT r.s0, r.key, r.x0, r.x1, r.noted
    FROM wanted r
    WHERE NOT r.taken AND NOT r.refused
    ON CONFLICT ("New Id") DO NOTHING
    RETURNING "Old Id" AS key
)
SELECT made.key::pg_catalog.text AS key, false AS taken FROM made
UNION ALL SELECT r.key::pg_catalog.text, true FROM wanted r WHERE r.taken


-- org: missing (legacy)
SELECT k.key
FROM unnest($1::pg_catalog.text[]) k(key)
WHERE NOT EXISTS (SELECT FROM "Old"."O""rg" t WHERE t."Id" = k.key::pg_catalog.int8)


-- org: update (legacy)
UPDATE "Old"."O""rg" AS t SET "Title" = r.c0, "At" = pg_catalog.now()::pg_catalog.timestamptz
FROM (SELECT w.n, w."do" & 1 <> 0 AS present, w."do" & 2 <> 0 AS "write", w."do" & 4 <> 0 AS "create", w."do" & 8 <> 0 AS remove, w.k0 AS k0, w.c0 AS c0
FROM (SELECT pg_catalog.unnest(p.n) AS n, pg_catalog.unnest(p."do") AS "do", pg_catalog.unnest(p.k0) AS k0, pg_catalog.unnest(p.c0) AS c0
      FROM pg_catalog.json_to_record($1::pg_catalog.json) AS p(n pg_catalog.int4[], "do" pg_catalog.int4[], k0 pg_catalog.int8[], c0 pg_catalog."varchar"(30)[])) w
) r
WHERE t."Id" = r.k0 AND r."write"
  AND ROW(t."Title")::pg_catalog.record OPERATOR(pg_catalog.*<>) ROW(r.c0)::pg_catalog.record


-- org: insert (legacy)
INSERT INTO "Old"."O""rg" ("Id", "Title", "At") OVERRIDING SYSTEM VALUE
SELECT r.k0, r.c0, pg_catalog.now()::pg_catalog.timestamptz
FROM (SELECT w.n, w."do" & 1 <> 0 AS present, w."do" & 2 <> 0 AS "write", w."do" & 4 <> 0 AS "create", w."do" & 8 <> 0 AS remove, w.k0 AS k0, w.c0 AS c0
FROM (SELECT pg_catalog.unnest(p.n) AS n, pg_catalog.unnest(p."do") AS "do", pg_catalog.unnest(p.k0) AS k0, pg_catalog.unnest(p.c0) AS c0
      FROM pg_catalog.json_to_record($1::pg_catalog.json) AS p(n pg_catalog.int4[], "do" pg_catalog.int4[], k0 pg_catalog.int8[], c0 pg_catalog."varchar"(30)[])) w
) r
LEFT JOIN "Old"."O""rg" t ON t."Id" = r.k0
WHERE r."create" AND t."Id" IS NULL AND r.k0 IS NOT NULL
ORDER BY r.n


-- org: verify (legacy)
SELECT r.n, t."Id" IS NOT NULL AS shadow, coalesce(t."Title" IS NOT DISTINCT FROM (r.c0), false) AS equal
FROM (SELECT w.n, w."do" & 1 <> 0 AS present, w."do" & 2 <> 0 AS "write", w."do" & 4 <> 0 AS "create", w."do" & 8 <> 0 AS remove, w.k0 AS k0, w.c0 AS c0
FROM (SELECT pg_catalog.unnest(p.n) AS n, pg_catalog.unnest(p."do") AS "do", pg_catalog.unnest(p.k0) AS k0, pg_catalog.unnest(p.c0) AS c0
      FROM pg_catalog.json_to_record($1::pg_catalog.json) AS p(n pg_catalog.int4[], "do" pg_catalog.int4[], k0 pg_catalog.int8[], c0 pg_catalog."varchar"(30)[])) w
) r
LEFT JOIN "Old"."O""rg" t ON t."Id" = r.k0


-- org: mark (vNext)
UPDATE "Map"."Org Map" AS m SET "Seen" = r.equal
FROM (SELECT pg_catalog.unnest(p.s0) AS s0, pg_catalog.unnest(p.key) AS key, pg_catalog.unnest(p.equal) AS equal FROM pg_catalog.json_to_record($1::pg_catalog.json) AS p(s0 pg_catalog.uuid[], key pg_catalog.int8[], equal pg_catalog.bool[])) r
WHERE m."New Id" = r.s0 AND m."Old Id" = r.key AND m."Seen" IS DISTINCT FROM r.equal


-- org: resync (vNext)
WITH chunk AS (
    SELECT n."Id" AS k0, ARRAY[n."Id"::pg_catalog.text] AS ref, n."Id"::text AS root
    FROM "New"."Org" n
    WHERE $1::text[] IS NULL OR (n."Id") > (($1::pg_catalog.text[])[1]::pg_catalog.uuid)
    ORDER BY n."Id" LIMIT $2::integer
), queued AS (
    INSERT INTO dualwrite.outbox (bucket, entity, operation, ref)
    SELECT coalesce(hashtextextended(c.root, 0) & 1023, 0), 'org', 'org_u', c.ref FROM chunk c
    RETURNING 1
)
SELECT (SELECT count(*) FROM queued) AS queued,
       (SELECT ARRAY[c.k0::pg_catalog.text] FROM chunk c ORDER BY c.k0 DESC LIMIT 1) AS position


-- group: read (vNext)
SELECT w.n, coalesce(s.found, false) AS found, coalesce(s.present, false) AS present, s.p0::pg_catalog.text AS parent,
       p."Old Id"::pg_catalog.text AS parent_key, NULL::pg_catalog.bool AS verified, (m."O"::pg_catalog.text) AS k0, s.c0, s.c1, s.c2, s.c4, s.c5
FROM (SELECT u.i0::pg_catalog.int8 AS i0, u.n FROM unnest((SELECT $1::pg_catalog.text[])) WITH ORDINALITY AS u(i0, n)) w
LEFT JOIN LATERAL (SELECT b.*, (CASE WHEN b.q0 IS NULL THEN NULL WHEN b.q0::pg_catalog.text = '1' THEN 'one' WHEN b.q0::pg_catalog.text = '2' THEN NULL ELSE dualwrite.unmapped('group.Kind', b.q0::pg_catalog.text) END)::pg_catalog.text AS c0, pg_catalog.left((CASE WHEN b.q1 IS NULL THEN NULL WHEN b.q1::pg_catalog.text = 'a' THEN 'A' ELSE NULL END)::pg_catalog.text, 3) AS c1, (b.q2)::pg_catalog.text AS c2, (b.q4)::pg_catalog.text AS c4, 'true'::pg_catalog.text AS c5
FROM (SELECT true AS found, coalesce("State"::pg_catalog.text IN ('up', '1'), false) AS present, "Org Id" AS p0, "Id" AS k, "Kind" AS q0, coalesce((lower("Sort") -- of the row
)) AS q1, "Made" AS q2, "Extra" AS q4
      FROM (SELECT source.* FROM "New"."Group" source WHERE source."Id" = w.i0 ORDER BY coalesce(source."State"::pg_catalog.text IN ('up', '1'), false) DESC, source."Id" DESC LIMIT 1) AS "Group") b
) s ON true
LEFT JOIN "Map"."Group Map" m ON m."N" = w.i0
LEFT JOIN "Map"."Org Map" p ON p."New Id" = s.p0
ORDER BY w.n


-- group: removals (vNext)
WITH stopped AS MATERIALIZED (
    SELECT pg_catalog.count(*) AS rows FROM dualwrite.failed f
    WHERE f.entity = 'group' AND f.operation = 'group_r' AND f.sqlstate = 'DW005' AND f.retry_at IS NULL
), waiting AS MATERIALIZED (
    SELECT pg_catalog.count(*) AS events, coalesce(pg_catalog.max(o.id), 0) AS newest
    FROM dualwrite.outbox o
    WHERE o.entity = 'group' AND o.operation = 'group_r' AND o.actor IS DISTINCT FROM 'dualwrited reconcile'
), counted AS MATERIALIZED (
    SELECT pg_catalog.count(*) AS rows
    FROM (SELECT FROM "New"."Group"
          LIMIT (SELECT least((s.rows + w.events) * (100 - $1::pg_catalog.int4) / $1::pg_catalog.int4 + 1, 1000000)
                 FROM stopped s, waiting w)) s
), remaining AS MATERIALIZED (
    SELECT CASE WHEN c.rows < 1000000 THEN c.rows ELSE greatest(c.rows, (
               SELECT pg_catalog.sum(p.reltuples)::pg_catalog.int8
               FROM pg_catalog.pg_class p, pg_catalog.to_regclass(pg_catalog.format('%I.%I', 'New', 'Group')) AS s(oid)
               WHERE p.oid = s.oid OR p.oid IN (SELECT i.inhrelid FROM pg_catalog.pg_inherits i WHERE i.inhparent = s.oid)))
           END AS rows
    FROM counted c
)
SELECT s.rows + CASE WHEN (s.rows + w.events) * 100 <= $1::pg_catalog.int4 * (s.rows + w.events + r.rows) THEN w.events ELSE (
           SELECT pg_catalog.count(*)
           FROM (SELECT FROM dualwrite.outbox o
                 WHERE o.entity = 'group' AND o.actor IS DISTINCT FROM 'dualwrited reconcile'
                 GROUP BY o.ref[1]
                 HAVING pg_catalog.max(o.id) = pg_catalog.max(o.id) FILTER (WHERE o.operation = 'group_r')
                    AND pg_catalog.min(o.id) IS DISTINCT FROM
                        pg_catalog.min(o.id) FILTER (WHERE o.operation = 'group_i')) gone) END AS removals,
       w.newest, r.rows
FROM stopped s, waiting w, remaining r


-- group: draw (legacy)
WITH drawn AS MATERIALIZED (
    SELECT g.n, (old_group_id())::pg_catalog.int8 AS key
    FROM pg_catalog.generate_series(1, $1::pg_catalog.int4 + $2::pg_catalog.int4) AS g(n)
)
SELECT d.key::pg_catalog.text AS key,
       CASE WHEN EXISTS (SELECT FROM "Old"."Group" t WHERE t."Id" = d.key) THEN pg_catalog.format(
           'the next key for %I.%I, %I = %s, is taken by another row; its sequence is behind the table: '
           'SELECT setval(pg_get_serial_sequence(%L, %L), max(%I)) FROM %I.%I;',
           'Old', 'Group', 'Id', d.key, pg_catalog.format('%I.%I', 'Old', 'Group'), 'Id',
           'Id', 'Old', 'Group') END AS complaint
FROM drawn d WHERE d.n > $2::pg_catalog.int4 ORDER BY d.n


-- group: reserve (vNext)
WITH wanted AS MATERIALIZED (
    SELECT r.*, EXISTS (SELECT FROM "Map"."Group Map" m WHERE m."O" = r.key) AS taken
    FROM (SELECT pg_catalog.unnest(p.s0) AS s0, pg_catalog.unnest(p.key) AS key, pg_catalog.unnest(p.refused) AS refused, pg_catalog.unnest(p.noted) AS noted FROM pg_catalog.json_to_record($1::pg_catalog.json) AS p(s0 pg_catalog.int8[], key pg_catalog.int8[], refused pg_catalog.bool[], noted pg_catalog.bool[])) r
), made AS (
    INSERT INTO "Map"."Group Map" ("N", "O")
    SELECT r.s0, r.key
    FROM wanted r
    WHERE NOT r.taken AND NOT r.refused
    
    RETURNING "O" AS key
)
SELECT made.key::pg_catalog.text AS key, false AS taken FROM made
UNION ALL SELECT r.key::pg_catalog.text, true FROM wanted r WHERE r.taken


-- group: missing (legacy)
SELECT k.key
FROM unnest($1::pg_catalog.text[]) k(key)
WHERE NOT EXISTS (SELECT FROM "Old"."Group" t WHERE t."Id" = k.key::pg_catalog.int8)


-- group: update (legacy)
UPDATE "Old"."Group" AS t SET "Kind" = CASE WHEN r.present THEN r.c0 ELSE d.c1 END, "Sort" = r.c1, "Extra" = r.c4, "Alive" = CASE WHEN r.present THEN r.c5 ELSE d.c0 END, "O" = CASE WHEN r.present THEN r.p ELSE coalesce(r.p, t."O") END
FROM (SELECT w.n, w."do" & 1 <> 0 AS present, w."do" & 2 <> 0 AS "write", w."do" & 4 <> 0 AS "create", w."do" & 8 <> 0 AS remove, w.k0 AS k0, w.p AS p, w.c0 AS c0, w.c1 AS c1, w.c2 AS c2, (w.c4)::pg_catalog.json AS c4, w.c5 AS c5
FROM (SELECT pg_catalog.unnest(p.n) AS n, pg_catalog.unnest(p."do") AS "do", pg_catalog.unnest(p.k0) AS k0, pg_catalog.unnest(p.p) AS p, pg_catalog.unnest(p.c0) AS c0, pg_catalog.unnest(p.c1) AS c1, pg_catalog.unnest(p.c2) AS c2, pg_catalog.unnest(p.c4) AS c4, pg_catalog.unnest(p.c5) AS c5
      FROM pg_catalog.json_to_record($1::pg_catalog.json) AS p(n pg_catalog.int4[], "do" pg_catalog.int4[], k0 pg_catalog.int8[], p pg_catalog.int8[], c0 pg_catalog.text[], c1 pg_catalog.bpchar(3)[], c2 pg_catalog.date[], c4 pg_catalog.text[], c5 pg_catalog.bool[])) w
) r
CROSS JOIN pg_catalog.json_to_record(pg_catalog.json_build_object('c0', 'false'::pg_catalog.text, 'c1', NULL::pg_catalog.text)) AS d(c0 pg_catalog.bool, c1 pg_catalog.text)
WHERE t."Id" = r.k0 AND r."write"
  AND ROW(t."Kind", t."Sort", t."Extra", t."Alive", t."O")::pg_catalog.record OPERATOR(pg_catalog.*<>) ROW(CASE WHEN r.present THEN r.c0 ELSE d.c1 END, r.c1, r.c4, CASE WHEN r.present THEN r.c5 ELSE d.c0 END, CASE WHEN r.present THEN r.p ELSE coalesce(r.p, t."O") END)::pg_catalog.record


-- group: insert (legacy)
INSERT INTO "Old"."Group" ("Id", "O", "Kind", "Sort", "Made", "Stamp", "Extra", "Alive") OVERRIDING SYSTEM VALUE
SELECT r.k0, r.p, CASE WHEN r.present THEN r.c0 ELSE d.c1 END, r.c1, r.c2, pg_catalog.now()::pg_catalog.timestamptz, r.c4, CASE WHEN r.present THEN r.c5 ELSE d.c0 END
FROM (SELECT w.n, w."do" & 1 <> 0 AS present, w."do" & 2 <> 0 AS "write", w."do" & 4 <> 0 AS "create", w."do" & 8 <> 0 AS remove, w.k0 AS k0, w.p AS p, w.c0 AS c0, w.c1 AS c1, w.c2 AS c2, (w.c4)::pg_catalog.json AS c4, w.c5 AS c5
FROM (SELECT pg_catalog.unnest(p.n) AS n, pg_catalog.unnest(p."do") AS "do", pg_catalog.unnest(p.k0) AS k0, pg_catalog.unnest(p.p) AS p, pg_catalog.unnest(p.c0) AS c0, pg_catalog.unnest(p.c1) AS c1, pg_catalog.unnest(p.c2) AS c2, pg_catalog.unnest(p.c4) AS c4, pg_catalog.unnest(p.c5) AS c5
      FROM pg_catalog.json_to_record($1::pg_catalog.json) AS p(n pg_catalog.int4[], "do" pg_catalog.int4[], k0 pg_catalog.int8[], p pg_catalog.int8[], c0 pg_catalog.text[], c1 pg_catalog.bpchar(3)[], c2 pg_catalog.date[], c4 pg_catalog.text[], c5 pg_catalog.bool[])) w
) r
CROSS JOIN pg_catalog.json_to_record(pg_catalog.json_build_object('c0', 'false'::pg_catalog.text, 'c1', NULL::pg_catalog.text)) AS d(c0 pg_catalog.bool, c1 pg_catalog.text)
LEFT JOIN "Old"."Group" t ON t."Id" = r.k0
WHERE r."create" AND t."Id" IS NULL AND r.k0 IS NOT NULL
ORDER BY r.n


-- group: remove (legacy)
UPDATE "Old"."Group" AS t SET "Alive" = d.c0, "Kind" = d.c1
FROM (SELECT w.n, w."do" & 1 <> 0 AS present, w."do" & 2 <> 0 AS "write", w."do" & 4 <> 0 AS "create", w."do" & 8 <> 0 AS remove, w.k0 AS k0, w.p AS p, w.c0 AS c0, w.c1 AS c1, w.c2 AS c2, (w.c4)::pg_catalog.json AS c4, w.c5 AS c5
FROM (SELECT pg_catalog.unnest(p.n) AS n, pg_catalog.unnest(p."do") AS "do", pg_catalog.unnest(p.k0) AS k0, pg_catalog.unnest(p.p) AS p, pg_catalog.unnest(p.c0) AS c0, pg_catalog.unnest(p.c1) AS c1, pg_catalog.unnest(p.c2) AS c2, pg_catalog.unnest(p.c4) AS c4, pg_catalog.unnest(p.c5) AS c5
      FROM pg_catalog.json_to_record($1::pg_catalog.json) AS p(n pg_catalog.int4[], "do" pg_catalog.int4[], k0 pg_catalog.int8[], p pg_catalog.int8[], c0 pg_catalog.text[], c1 pg_catalog.bpchar(3)[], c2 pg_catalog.date[], c4 pg_catalog.text[], c5 pg_catalog.bool[])) w
) r
CROSS JOIN pg_catalog.json_to_record(pg_catalog.json_build_object('c0', 'false'::pg_catalog.text, 'c1', NULL::pg_catalog.text)) AS d(c0 pg_catalog.bool, c1 pg_catalog.text)
WHERE t."Id" = r.k0 AND r.remove
  AND ROW(t."Alive", t."Kind")::pg_catalog.record OPERATOR(pg_catalog.*<>) ROW(d.c0, d.c1)::pg_catalog.record


-- group: verify (legacy)
SELECT r.n, t."Id" IS NOT NULL AS shadow, coalesce(CASE WHEN r.remove THEN t."Alive" IS NOT DISTINCT FROM (d.c0) AND t."Kind" IS NOT DISTINCT FROM (d.c1) ELSE t."Kind" IS NOT DISTINCT FROM (CASE WHEN r.present THEN r.c0 ELSE d.c1 END) AND t."Sort" IS NOT DISTINCT FROM (r.c1) AND t."Extra"::pg_catalog.text IS NOT DISTINCT FROM (r.c4)::pg_catalog.text AND t."Alive" IS NOT DISTINCT FROM (CASE WHEN r.present THEN r.c5 ELSE d.c0 END) AND t."O" IS NOT DISTINCT FROM (CASE WHEN r.present THEN r.p ELSE coalesce(r.p, t."O") END) END, false) AS equal
FROM (SELECT w.n, w."do" & 1 <> 0 AS present, w."do" & 2 <> 0 AS "write", w."do" & 4 <> 0 AS "create", w."do" & 8 <> 0 AS remove, w.k0 AS k0, w.p AS p, w.c0 AS c0, w.c1 AS c1, w.c2 AS c2, (w.c4)::pg_catalog.json AS c4, w.c5 AS c5
FROM (SELECT pg_catalog.unnest(p.n) AS n, pg_catalog.unnest(p."do") AS "do", pg_catalog.unnest(p.k0) AS k0, pg_catalog.unnest(p.p) AS p, pg_catalog.unnest(p.c0) AS c0, pg_catalog.unnest(p.c1) AS c1, pg_catalog.unnest(p.c2) AS c2, pg_catalog.unnest(p.c4) AS c4, pg_catalog.unnest(p.c5) AS c5
      FROM pg_catalog.json_to_record($1::pg_catalog.json) AS p(n pg_catalog.int4[], "do" pg_catalog.int4[], k0 pg_catalog.int8[], p pg_catalog.int8[], c0 pg_catalog.text[], c1 pg_catalog.bpchar(3)[], c2 pg_catalog.date[], c4 pg_catalog.text[], c5 pg_catalog.bool[])) w
) r
CROSS JOIN pg_catalog.json_to_record(pg_catalog.json_build_object('c0', 'false'::pg_catalog.text, 'c1', NULL::pg_catalog.text)) AS d(c0 pg_catalog.bool, c1 pg_catalog.text)
LEFT JOIN "Old"."Group" t ON t."Id" = r.k0


-- group: resync (vNext)
WITH chunk AS (
    SELECT n."Id" AS k0, ARRAY[n."Id"::pg_catalog.text, n."Org Id"::pg_catalog.text] AS ref, n."Id"::text AS root
    FROM "New"."Group" n
    WHERE $1::text[] IS NULL OR (n."Id") > (($1::pg_catalog.text[])[1]::pg_catalog.int8)
    ORDER BY n."Id" LIMIT $2::integer
), queued AS (
    INSERT INTO dualwrite.outbox (bucket, entity, operation, ref)
    SELECT coalesce(hashtextextended(c.root, 0) & 1023, 0), 'group', 'group_u', c.ref FROM chunk c
    RETURNING 1
)
SELECT (SELECT count(*) FROM queued) AS queued,
       (SELECT ARRAY[c.k0::pg_catalog.text] FROM chunk c ORDER BY c.k0 DESC LIMIT 1) AS position


-- seat: read (vNext)
SELECT w.n, coalesce(s.found, false) AS found, coalesce(s.present, false) AS present, w.i1::pg_catalog.text AS parent,
       p."O"::pg_catalog.text AS parent_key, NULL::pg_catalog.bool AS verified, ((w.i0)::pg_catalog.text) AS k0, (p."O"::pg_catalog.text) AS k1
FROM (SELECT u.i0::pg_catalog.int8 AS i0, u.i1::pg_catalog.int8 AS i1, u.n FROM unnest((SELECT $1::pg_catalog.text[]), (SELECT $2::pg_catalog.text[])) WITH ORDINALITY AS u(i0, i1, n)) w
LEFT JOIN LATERAL (SELECT b.*
FROM (SELECT true AS found, coalesce("State"::pg_catalog.text IN ('it''s'), false) AS present, "Group" AS p0, "A" AS k
      FROM (SELECT source.* FROM "New"."Seat" source WHERE source."Account" = w.i0 AND source."Group" = w.i1 ORDER BY coalesce(source."State"::pg_catalog.text IN ('it''s'), false) DESC, source."Changed" DESC NULLS LAST, source."A" DESC, source."B" DESC LIMIT 1) AS "Seat") b
) s ON true
LEFT JOIN "Map"."Group Map" p ON p."N" = w.i1
ORDER BY w.n


-- seat: removals (vNext)
WITH stopped AS MATERIALIZED (
    SELECT pg_catalog.count(*) AS rows FROM dualwrite.failed f
    WHERE f.entity = 'seat' AND f.operation = 'seat_r' AND f.sqlstate = 'DW005' AND f.retry_at IS NULL
), waiting AS MATERIALIZED (
    SELECT pg_catalog.count(*) AS events, coalesce(pg_catalog.max(o.id), 0) AS newest
    FROM dualwrite.outbox o
    WHERE o.entity = 'seat' AND o.operation = 'seat_r' AND o.actor IS DISTINCT FROM 'dualwrited reconcile'
), counted AS MATERIALIZED (
    SELECT pg_catalog.count(*) AS rows
    FROM (SELECT FROM "New"."Seat"
          LIMIT (SELECT least((s.rows + w.events) * (100 - $1::pg_catalog.int4) / $1::pg_catalog.int4 + 1, 1000000)
                 FROM stopped s, waiting w)) s
), remaining AS MATERIALIZED (
    SELECT CASE WHEN c.rows < 1000000 THEN c.rows ELSE greatest(c.rows, (
               SELECT pg_catalog.sum(p.reltuples)::pg_catalog.int8
               FROM pg_catalog.pg_class p, pg_catalog.to_regclass(pg_catalog.format('%I.%I', 'New', 'Seat')) AS s(oid)
               WHERE p.oid = s.oid OR p.oid IN (SELECT i.inhrelid FROM pg_catalog.pg_inherits i WHERE i.inhparent = s.oid)))
           END AS rows
    FROM counted c
)
SELECT s.rows + CASE WHEN (s.rows + w.events) * 100 <= $1::pg_catalog.int4 * (s.rows + w.events + r.rows) THEN w.events ELSE (
           SELECT pg_catalog.count(*)
           FROM (SELECT FROM dualwrite.outbox o
                 WHERE o.entity = 'seat' AND o.actor IS DISTINCT FROM 'dualwrited reconcile'
                 GROUP BY o.ref[3], o.ref[4]
                 HAVING pg_catalog.max(o.id) = pg_catalog.max(o.id) FILTER (WHERE o.operation = 'seat_r')
                    AND pg_catalog.min(o.id) IS DISTINCT FROM
                        pg_catalog.min(o.id) FILTER (WHERE o.operation = 'seat_i')) gone) END AS removals,
       w.newest, r.rows
FROM stopped s, waiting w, remaining r


-- seat: insert (legacy)
INSERT INTO "Old"."Seat" ("User", "G") OVERRIDING SYSTEM VALUE
SELECT r.k0, r.k1
FROM (SELECT w.n, w."do" & 1 <> 0 AS present, w."do" & 2 <> 0 AS "write", w."do" & 4 <> 0 AS "create", w."do" & 8 <> 0 AS remove, w.k0 AS k0, w.k1 AS k1
FROM (SELECT pg_catalog.unnest(p.n) AS n, pg_catalog.unnest(p."do") AS "do", pg_catalog.unnest(p.k0) AS k0, pg_catalog.unnest(p.k1) AS k1
      FROM pg_catalog.json_to_record($1::pg_catalog.json) AS p(n pg_catalog.int4[], "do" pg_catalog.int4[], k0 pg_catalog.int4[], k1 pg_catalog.int8[])) w
) r
LEFT JOIN "Old"."Seat" t ON t."User" = r.k0 AND t."G" = r.k1
WHERE r."create" AND t."User" IS NULL AND r.k0 IS NOT NULL AND r.k1 IS NOT NULL
ORDER BY r.n


-- seat: remove (legacy)
DELETE FROM "Old"."Seat" AS t
USING (SELECT w.n, w."do" & 1 <> 0 AS present, w."do" & 2 <> 0 AS "write", w."do" & 4 <> 0 AS "create", w."do" & 8 <> 0 AS remove, w.k0 AS k0, w.k1 AS k1
FROM (SELECT pg_catalog.unnest(p.n) AS n, pg_catalog.unnest(p."do") AS "do", pg_catalog.unnest(p.k0) AS k0, pg_catalog.unnest(p.k1) AS k1
      FROM pg_catalog.json_to_record($1::pg_catalog.json) AS p(n pg_catalog.int4[], "do" pg_catalog.int4[], k0 pg_catalog.int4[], k1 pg_catalog.int8[])) w
) r
WHERE t."User" = r.k0 AND t."G" = r.k1 AND r.remove


-- seat: verify (legacy)
SELECT r.n, t."User" IS NOT NULL AS shadow, coalesce(CASE WHEN r.remove THEN t."User" IS NULL ELSE true END, false) AS equal
FROM (SELECT w.n, w."do" & 1 <> 0 AS present, w."do" & 2 <> 0 AS "write", w."do" & 4 <> 0 AS "create", w."do" & 8 <> 0 AS remove, w.k0 AS k0, w.k1 AS k1
FROM (SELECT pg_catalog.unnest(p.n) AS n, pg_catalog.unnest(p."do") AS "do", pg_catalog.unnest(p.k0) AS k0, pg_catalog.unnest(p.k1) AS k1
      FROM pg_catalog.json_to_record($1::pg_catalog.json) AS p(n pg_catalog.int4[], "do" pg_catalog.int4[], k0 pg_catalog.int4[], k1 pg_catalog.int8[])) w
) r
LEFT JOIN "Old"."Seat" t ON t."User" = r.k0 AND t."G" = r.k1


-- seat: resync (vNext)
WITH chunk AS (
    SELECT n."A" AS k0, n."B" AS k1, ARRAY[n."A"::pg_catalog.text, n."B"::pg_catalog.text, n."Account"::pg_catalog.text, n."Group"::pg_catalog.text] AS ref, n."Group"::text AS root
    FROM "New"."Seat" n
    WHERE $1::text[] IS NULL OR (n."A", n."B") > (($1::pg_catalog.text[])[1]::pg_catalog.int4, ($1::pg_catalog.text[])[2]::pg_catalog.text)
    ORDER BY n."A", n."B" LIMIT $2::integer
), queued AS (
    INSERT INTO dualwrite.outbox (bucket, entity, operation, ref)
    SELECT coalesce(hashtextextended(c.root, 0) & 1023, 0), 'seat', 'seat_u', c.ref FROM chunk c
    RETURNING 1
)
SELECT (SELECT count(*) FROM queued) AS queued,
       (SELECT ARRAY[c.k0::pg_catalog.text, c.k1::pg_catalog.text] FROM chunk c ORDER BY c.k0 DESC, c.k1 DESC LIMIT 1) AS position


-- tag: read (vNext)
SELECT w.n, coalesce(s.found, false) AS found, coalesce(s.present, false) AS present, NULL::pg_catalog.text AS parent,
       NULL::pg_catalog.text AS parent_key, NULL::pg_catalog.bool AS verified, ((w.i0)::pg_catalog.text) AS k0, s.c1, s.c2
FROM (SELECT u.i0::pg_catalog.text AS i0, u.n FROM unnest((SELECT $1::pg_catalog.text[])) WITH ORDINALITY AS u(i0, n)) w
LEFT JOIN LATERAL (SELECT b.*,  E'a\\b'::pg_catalog.text AS c1, (b.q2)::pg_catalog.text AS c2
FROM (SELECT true AS found, true AS present, NULL AS p0, "Id" AS k, "Label" AS q2
      FROM (SELECT source.* FROM "New"."Tag" source WHERE source."Code" = w.i0 ORDER BY source."Id" DESC LIMIT 1) AS "Tag") b
) s ON true
ORDER BY w.n


-- tag: missing (legacy)
SELECT k.key
FROM unnest($1::pg_catalog.text[]) k(key)
WHERE NOT EXISTS (SELECT FROM "Old"."Tag" t WHERE t."Code" = k.key::pg_catalog."varchar")


-- tag: update (legacy)
UPDATE "Old"."Tag" AS t SET "Note" = r.c1, "Label" = r.c2
FROM (SELECT w.n, w."do" & 1 <> 0 AS present, w."do" & 2 <> 0 AS "write", w."do" & 4 <> 0 AS "create", w."do" & 8 <> 0 AS remove, w.k0 AS k0, w.c1 AS c1, w.c2 AS c2
FROM (SELECT pg_catalog.unnest(p.n) AS n, pg_catalog.unnest(p."do") AS "do", pg_catalog.unnest(p.k0) AS k0, pg_catalog.unnest(p.c1) AS c1, pg_catalog.unnest(p.c2) AS c2
      FROM pg_catalog.json_to_record($1::pg_catalog.json) AS p(n pg_catalog.int4[], "do" pg_catalog.int4[], k0 pg_catalog."varchar"(10)[], c1 pg_catalog.text[], c2 pg_catalog.text[])) w
) r
WHERE t."Code" = r.k0 AND r."write"
  AND ROW(t."Note", t."Label")::pg_catalog.record OPERATOR(pg_catalog.*<>) ROW(r.c1, r.c2)::pg_catalog.record


-- tag: insert (legacy)
INSERT INTO "Old"."Tag" ("Code", "Note", "Label") OVERRIDING SYSTEM VALUE
SELECT r.k0, r.c1, r.c2
FROM (SELECT w.n, w."do" & 1 <> 0 AS present, w."do" & 2 <> 0 AS "write", w."do" & 4 <> 0 AS "create", w."do" & 8 <> 0 AS remove, w.k0 AS k0, w.c1 AS c1, w.c2 AS c2
FROM (SELECT pg_catalog.unnest(p.n) AS n, pg_catalog.unnest(p."do") AS "do", pg_catalog.unnest(p.k0) AS k0, pg_catalog.unnest(p.c1) AS c1, pg_catalog.unnest(p.c2) AS c2
      FROM pg_catalog.json_to_record($1::pg_catalog.json) AS p(n pg_catalog.int4[], "do" pg_catalog.int4[], k0 pg_catalog."varchar"(10)[], c1 pg_catalog.text[], c2 pg_catalog.text[])) w
) r
LEFT JOIN "Old"."Tag" t ON t."Code" = r.k0
WHERE r."create" AND t."Code" IS NULL AND r.k0 IS NOT NULL
ORDER BY r.n


-- tag: verify (legacy)
SELECT r.n, t."Code" IS NOT NULL AS shadow, coalesce(t."Note" IS NOT DISTINCT FROM (r.c1) AND t."Label" IS NOT DISTINCT FROM (r.c2), false) AS equal
FROM (SELECT w.n, w."do" & 1 <> 0 AS present, w."do" & 2 <> 0 AS "write", w."do" & 4 <> 0 AS "create", w."do" & 8 <> 0 AS remove, w.k0 AS k0, w.c1 AS c1, w.c2 AS c2
FROM (SELECT pg_catalog.unnest(p.n) AS n, pg_catalog.unnest(p."do") AS "do", pg_catalog.unnest(p.k0) AS k0, pg_catalog.unnest(p.c1) AS c1, pg_catalog.unnest(p.c2) AS c2
      FROM pg_catalog.json_to_record($1::pg_catalog.json) AS p(n pg_catalog.int4[], "do" pg_catalog.int4[], k0 pg_catalog."varchar"(10)[], c1 pg_catalog.text[], c2 pg_catalog.text[])) w
) r
LEFT JOIN "Old"."Tag" t ON t."Code" = r.k0


-- tag: resync (vNext)
WITH chunk AS (
    SELECT n."Id" AS k0, ARRAY[n."Id"::pg_catalog.text, n."Code"::pg_catalog.text] AS ref, n."Code"::text AS root
    FROM "New"."Tag" n
    WHERE $1::text[] IS NULL OR (n."Id") > (($1::pg_catalog.text[])[1]::pg_catalog.int8)
    ORDER BY n."Id" LIMIT $2::integer
), queued AS (
    INSERT INTO dualwrite.outbox (bucket, entity, operation, ref)
    SELECT coalesce(hashtextextended(c.root, 0) & 1023, 0), 'tag', 'tag_u', c.ref FROM chunk c
    RETURNING 1
)
SELECT (SELECT count(*) FROM queued) AS queued,
       (SELECT ARRAY[c.k0::pg_catalog.text] FROM chunk c ORDER BY c.k0 DESC LIMIT 1) AS position


