-- team: read (vNext)
SELECT w.n, coalesce(s.found, false) AS found, coalesce(s.present, false) AS present, NULL::pg_catalog.text AS parent,
       NULL::pg_catalog.text AS parent_key, m."verified" AS verified, (m."legacy_team_id"::pg_catalog.text) AS k0, s.c0, s.c1, s.c2, s.c3, s.c4, s.c5, s.c6, s.c7, s.c8, s.c1 AS x0
FROM (SELECT u.i0::pg_catalog.int8 AS i0, u.n FROM unnest((SELECT $1::pg_catalog.text[])) WITH ORDINALITY AS u(i0, n)) w
LEFT JOIN LATERAL (SELECT b.*, (b.q0)::pg_catalog.text AS c0, (b.q1)::pg_catalog.text AS c1, (CASE WHEN b.q2 IS NULL THEN NULL WHEN b.q2::pg_catalog.text = '1' THEN 'valorant' WHEN b.q2::pg_catalog.text = '2' THEN 'csgo' WHEN b.q2::pg_catalog.text = '3' THEN 'dota2' WHEN b.q2::pg_catalog.text = '4' THEN 'pubg' ELSE dualwrite.unmapped('team.game', b.q2::pg_catalog.text) END)::pg_catalog.text AS c2, (b.q3)::pg_catalog.text AS c3, (b.q4)::pg_catalog.text AS c4, (b.q5)::pg_catalog.text AS c5, (b.q6)::pg_catalog.text AS c6, (b.q7)::pg_catalog.text AS c7, (b.q8)::pg_catalog.text AS c8
FROM (SELECT true AS found, true AS present, NULL AS p0, "id" AS k, "name" AS q0, "slug" AS q1, "game_id" AS q2, "region" AS q3, "description" AS q4, coalesce((branding ->> 'logo_url'
)) AS q5, coalesce((status = 'ACTIVE'
)) AS q6, "created_at" AS q7, "updated_at" AS q8
      FROM (SELECT source.* FROM "public"."organizations_team" source WHERE source."id" = w.i0 ORDER BY source."id" DESC LIMIT 1) AS "organizations_team") b
) s ON true
LEFT JOIN "public"."organizations_teammigrationmap" m ON m."vnext_team_id" = w.i0
ORDER BY w.n


-- team: removals (vNext)
WITH stopped AS MATERIALIZED (
    SELECT pg_catalog.count(*) AS rows FROM dualwrite.failed f
    WHERE f.entity = 'team' AND f.operation = 'sync_team_deleted' AND f.sqlstate = 'DW005' AND f.retry_at IS NULL
), waiting AS MATERIALIZED (
    SELECT pg_catalog.count(*) AS events, coalesce(pg_catalog.max(o.id), 0) AS newest
    FROM dualwrite.outbox o
    WHERE o.entity = 'team' AND o.operation = 'sync_team_deleted' AND o.actor IS DISTINCT FROM 'dualwrited reconcile'
), counted AS MATERIALIZED (
    SELECT pg_catalog.count(*) AS rows
    FROM (SELECT FROM "public"."organizations_team"
          LIMIT (SELECT least((s.rows + w.events) * (100 - $1::pg_catalog.int4) / $1::pg_catalog.int4 + 1, 1000000)
                 FROM stopped s, waiting w)) s
), remaining AS MATERIALIZED (
    SELECT CASE WHEN c.rows < 1000000 THEN c.rows ELSE greatest(c.rows, (
               SELECT pg_catalog.sum(p.reltuples)::pg_catalog.int8
               FROM pg_catalog.pg_class p, pg_catalog.to_regclass(pg_catalog.format('%I.%I', 'public', 'organizations_team')) AS s(oid)
               WHERE p.oid = s.oid OR p.oid IN (SELECT i.inhrelid FROM pg_catalog.pg_inherits i WHERE i.inhparent = s.oid)))
           END AS rows
    FROM counted c
)
SELECT s.rows + CASE WHEN (s.rows + w.events) * 100 <= $1::pg_catalog.int4 * (s.rows + w.events + r.rows) THEN w.events ELSE (
           SELECT pg_catalog.count(*)
           FROM (SELECT FROM dualwrite.outbox o
                 WHERE o.entity = 'team' AND o.actor IS DISTINCT FROM 'dualwrited reconcile'
                 GROUP BY o.ref[1]
                 HAVING pg_catalog.max(o.id) = pg_catalog.max(o.id) FILTER (WHERE o.operation = 'sync_team_deleted')
                    AND pg_catalog.min(o.id) IS DISTINCT FROM
                        pg_catalog.min(o.id) FILTER (WHERE o.operation = 'sync_team_created')) gone) END AS removals,
       w.newest, r.rows
FROM stopped s, waiting w, remaining r


-- team: holders (legacy)
WITH r AS MATERIALIZED (SELECT w.n, w."do" & 1 <> 0 AS present, w."do" & 2 <> 0 AS "write", w."do" & 4 <> 0 AS "create", w."do" & 8 <> 0 AS remove, w.k0 AS k0, w.c0 AS c0, w.c1 AS c1, w.c2 AS c2, w.c3 AS c3, w.c4 AS c4, w.c5 AS c5, w.c6 AS c6, w.c7 AS c7, w.c8 AS c8
FROM (SELECT pg_catalog.unnest(p.n) AS n, pg_catalog.unnest(p."do") AS "do", pg_catalog.unnest(p.k0) AS k0, pg_catalog.unnest(p.c0) AS c0, pg_catalog.unnest(p.c1) AS c1, pg_catalog.unnest(p.c2) AS c2, pg_catalog.unnest(p.c3) AS c3, pg_catalog.unnest(p.c4) AS c4, pg_catalog.unnest(p.c5) AS c5, pg_catalog.unnest(p.c6) AS c6, pg_catalog.unnest(p.c7) AS c7, pg_catalog.unnest(p.c8) AS c8
      FROM pg_catalog.json_to_record($1::pg_catalog.json) AS p(n pg_catalog.int4[], "do" pg_catalog.int4[], k0 pg_catalog.int8[], c0 pg_catalog."varchar"(100)[], c1 pg_catalog."varchar"(100)[], c2 pg_catalog."varchar"(50)[], c3 pg_catalog."varchar"(50)[], c4 pg_catalog.text[], c5 pg_catalog."varchar"(500)[], c6 pg_catalog.bool[], c7 pg_catalog.timestamptz[], c8 pg_catalog.timestamptz[])) w
)
SELECT r.n, 'unique_1' AS "index", o.n AS holder, pg_catalog.array_to_json(ARRAY[h."id"::pg_catalog.text]::pg_catalog.text[]) AS key
FROM r
CROSS JOIN pg_catalog.json_to_record(pg_catalog.json_build_object('c0', 'false'::pg_catalog.text)) AS d(c0 pg_catalog.bool)
LEFT JOIN "public"."teams_team" t ON t."id" = r.k0
CROSS JOIN LATERAL (SELECT ("slug") AS i0 FROM (SELECT r.c1 AS "slug") v) x
CROSS JOIN LATERAL (SELECT h.* FROM "public"."teams_team" h WHERE ("slug") OPERATOR(pg_catalog.=) x.i0) h
LEFT JOIN r o ON o.k0 = h."id"
WHERE (r."write" OR r."create") AND NOT (h."id" = r.k0)



-- team: owner (vNext)
SELECT w.n, pg_catalog.array_to_json(ARRAY[m."vnext_team_id"::pg_catalog.text]::pg_catalog.text[]) AS identity
FROM unnest($1::pg_catalog.text[]) WITH ORDINALITY AS w(k0, n)
JOIN "public"."organizations_teammigrationmap" m ON m."legacy_team_id" = w.k0::pg_catalog.int8
ORDER BY w.n


-- team: draw (legacy)
WITH drawn AS MATERIALIZED (
    SELECT g.n, (pg_catalog.nextval('public.teams_team_id_seq'::pg_catalog.regclass))::pg_catalog.int8 AS key
    FROM pg_catalog.generate_series(1, $1::pg_catalog.int4 + $2::pg_catalog.int4) AS g(n)
)
SELECT d.key::pg_catalog.text AS key,
       CASE WHEN EXISTS (SELECT FROM "public"."teams_team" t WHERE t."id" = d.key) THEN pg_catalog.format(
           'the next key for %I.%I, %I = %s, is taken by another row; its sequence is behind the table: '
           'SELECT setval(pg_get_serial_sequence(%L, %L), max(%I)) FROM %I.%I;',
           'public', 'teams_team', 'id', d.key, pg_catalog.format('%I.%I', 'public', 'teams_team'), 'id',
           'id', 'public', 'teams_team') END AS complaint
FROM drawn d WHERE d.n > $2::pg_catalog.int4 ORDER BY d.n


-- team: reserve (vNext)
WITH wanted AS MATERIALIZED (
    SELECT r.*, EXISTS (SELECT FROM "public"."organizations_teammigrationmap" m WHERE m."legacy_team_id" = r.key) AS taken
    FROM (SELECT pg_catalog.unnest(p.s0) AS s0, pg_catalog.unnest(p.key) AS key, pg_catalog.unnest(p.refused) AS refused, pg_catalog.unnest(p.noted) AS noted, pg_catalog.unnest(p.x0) AS x0 FROM pg_catalog.json_to_record($1::pg_catalog.json) AS p(s0 pg_catalog.int8[], key pg_catalog.int8[], refused pg_catalog.bool[], noted pg_catalog.bool[], x0 pg_catalog."varchar"(100)[])) r
), made AS (
    INSERT INTO "public"."organizations_teammigrationmap" ("vnext_team_id", "legacy_team_id", "legacy_slug", "migration_date", "created_at", "updated_at", "verified")
    SELECT r.s0, r.key, r.x0, pg_catalog.now()::pg_catalog.timestamptz, pg_catalog.now()::pg_catalog.timestamptz, pg_catalog.now()::pg_catalog.timestamptz, r.noted
    FROM wanted r
    WHERE NOT r.taken AND NOT r.refused
    ON CONFLICT ("vnext_team_id") DO NOTHING
    RETURNING "legacy_team_id" AS key
)
SELECT made.key::pg_catalog.text AS key, false AS taken FROM made
UNION ALL SELECT r.key::pg_catalog.text, true FROM wanted r WHERE r.taken


-- team: missing (legacy)
SELECT k.key
FROM unnest($1::pg_catalog.text[]) k(key)
WHERE NOT EXISTS (SELECT FROM "public"."teams_team" t WHERE t."id" = k.key::pg_catalog.int8)


-- team: yield (legacy)
UPDATE "public"."teams_team" AS t SET "slug" = CASE WHEN r.g1 THEN pg_catalog.left('dw-' || pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to(pg_catalog.concat_ws('/', r.k0), 'UTF8')), 'hex'), 27)::pg_catalog."varchar" ELSE t."slug" END
FROM (SELECT r.*, ROW(t."slug")::pg_catalog.record OPERATOR(pg_catalog.*<>) ROW(r.c1)::pg_catalog.record AS g1
      FROM (SELECT w.n, w."do" & 1 <> 0 AS present, w."do" & 2 <> 0 AS "write", w."do" & 4 <> 0 AS "create", w."do" & 8 <> 0 AS remove, w.k0 AS k0, w.c0 AS c0, w.c1 AS c1, w.c2 AS c2, w.c3 AS c3, w.c4 AS c4, w.c5 AS c5, w.c6 AS c6, w.c7 AS c7, w.c8 AS c8
FROM (SELECT pg_catalog.unnest(p.n) AS n, pg_catalog.unnest(p."do") AS "do", pg_catalog.unnest(p.k0) AS k0, pg_catalog.unnest(p.c0) AS c0, pg_catalog.unnest(p.c1) AS c1, pg_catalog.unnest(p.c2) AS c2, pg_catalog.unnest(p.c3) AS c3, pg_catalog.unnest(p.c4) AS c4, pg_catalog.unnest(p.c5) AS c5, pg_catalog.unnest(p.c6) AS c6, pg_catalog.unnest(p.c7) AS c7, pg_catalog.unnest(p.c8) AS c8
      FROM pg_catalog.json_to_record($1::pg_catalog.json) AS p(n pg_catalog.int4[], "do" pg_catalog.int4[], k0 pg_catalog.int8[], c0 pg_catalog."varchar"(100)[], c1 pg_catalog."varchar"(100)[], c2 pg_catalog."varchar"(50)[], c3 pg_catalog."varchar"(50)[], c4 pg_catalog.text[], c5 pg_catalog."varchar"(500)[], c6 pg_catalog.bool[], c7 pg_catalog.timestamptz[], c8 pg_catalog.timestamptz[])) w
) r
CROSS JOIN pg_catalog.json_to_record(pg_catalog.json_build_object('c0', 'false'::pg_catalog.text)) AS d(c0 pg_catalog.bool)
      JOIN "public"."teams_team" t ON t."id" = r.k0
      WHERE r."write") r
WHERE t."id" = r.k0 AND (r.g1)


-- team: update (legacy)
UPDATE "public"."teams_team" AS t SET "name" = r.c0, "slug" = r.c1, "game" = r.c2, "region" = r.c3, "description" = r.c4, "logo_url" = r.c5, "is_active" = r.c6, "updated_at" = r.c8
FROM (SELECT w.n, w."do" & 1 <> 0 AS present, w."do" & 2 <> 0 AS "write", w."do" & 4 <> 0 AS "create", w."do" & 8 <> 0 AS remove, w.k0 AS k0, w.c0 AS c0, w.c1 AS c1, w.c2 AS c2, w.c3 AS c3, w.c4 AS c4, w.c5 AS c5, w.c6 AS c6, w.c7 AS c7, w.c8 AS c8
FROM (SELECT pg_catalog.unnest(p.n) AS n, pg_catalog.unnest(p."do") AS "do", pg_catalog.unnest(p.k0) AS k0, pg_catalog.unnest(p.c0) AS c0, pg_catalog.unnest(p.c1) AS c1, pg_catalog.unnest(p.c2) AS c2, pg_catalog.unnest(p.c3) AS c3, pg_catalog.unnest(p.c4) AS c4, pg_catalog.unnest(p.c5) AS c5, pg_catalog.unnest(p.c6) AS c6, pg_catalog.unnest(p.c7) AS c7, pg_catalog.unnest(p.c8) AS c8
      FROM pg_catalog.json_to_record($1::pg_catalog.json) AS p(n pg_catalog.int4[], "do" pg_catalog.int4[], k0 pg_catalog.int8[], c0 pg_catalog."varchar"(100)[], c1 pg_catalog."varchar"(100)[], c2 pg_catalog."varchar"(50)[], c3 pg_catalog."varchar"(50)[], c4 pg_catalog.text[], c5 pg_catalog."varchar"(500)[], c6 pg_catalog.bool[], c7 pg_catalog.timestamptz[], c8 pg_catalog.timestamptz[])) w
) r
CROSS JOIN pg_catalog.json_to_record(pg_catalog.json_build_object('c0', 'false'::pg_catalog.text)) AS d(c0 pg_catalog.bool)
WHERE t."id" = r.k0 AND r."write"
  AND ROW(t."name", t."slug", t."game", t."region", t."description", t."logo_url", t."is_active", t."updated_at")::pg_catalog.record OPERATOR(pg_catalog.*<>) ROW(r.c0, r.c1, r.c2, r.c3, r.c4, r.c5, r.c6, r.c8)::pg_catalog.record


-- team: insert (legacy)
INSERT INTO "public"."teams_team" ("id", "name", "slug", "game", "region", "description", "logo_url", "is_active", "created_at", "updated_at") OVERRIDING SYSTEM VALUE
SELECT r.k0, r.c0, r.c1, r.c2, r.c3, r.c4, r.c5, r.c6, r.c7, r.c8
FROM (SELECT w.n, w."do" & 1 <> 0 AS present, w."do" & 2 <> 0 AS "write", w."do" & 4 <> 0 AS "create", w."do" & 8 <> 0 AS remove, w.k0 AS k0, w.c0 AS c0, w.c1 AS c1, w.c2 AS c2, w.c3 AS c3, w.c4 AS c4, w.c5 AS c5, w.c6 AS c6, w.c7 AS c7, w.c8 AS c8
FROM (SELECT pg_catalog.unnest(p.n) AS n, pg_catalog.unnest(p."do") AS "do", pg_catalog.unnest(p.k0) AS k0, pg_catalog.unnest(p.c0) AS c0, pg_catalog.unnest(p.c1) AS c1, pg_catalog.unnest(p.c2) AS c2, pg_catalog.unnest(p.c3) AS c3, pg_catalog.unnest(p.c4) AS c4, pg_catalog.unnest(p.c5) AS c5, pg_catalog.unnest(p.c6) AS c6, pg_catalog.unnest(p.c7) AS c7, pg_catalog.unnest(p.c8) AS c8
      FROM pg_catalog.json_to_record($1::pg_catalog.json) AS p(n pg_catalog.int4[], "do" pg_catalog.int4[], k0 pg_catalog.int8[], c0 pg_catalog."varchar"(100)[], c1 pg_catalog."varchar"(100)[], c2 pg_catalog."varchar"(50)[], c3 pg_catalog."varchar"(50)[], c4 pg_catalog.text[], c5 pg_catalog."varchar"(500)[], c6 pg_catalog.bool[], c7 pg_catalog.timestamptz[], c8 pg_catalog.timestamptz[])) w
) r
CROSS JOIN pg_catalog.json_to_record(pg_catalog.json_build_object('c0', 'false'::pg_catalog.text)) AS d(c0 pg_catalog.bool)
LEFT JOIN "public"."teams_team" t ON t."id" = r.k0
WHERE r."create" AND t."id" IS NULL AND r.k0 IS NOT NULL
ORDER BY r.n


-- team: remove (legacy)
UPDATE "public"."teams_team" AS t SET "is_active" = d.c0
FROM (SELECT w.n, w."do" & 1 <> 0 AS present, w."do" & 2 <> 0 AS "write", w."do" & 4 <> 0 AS "create", w."do" & 8 <> 0 AS remove, w.k0 AS k0, w.c0 AS c0, w.c1 AS c1, w.c2 AS c2, w.c3 AS c3, w.c4 AS c4, w.c5 AS c5, w.c6 AS c6, w.c7 AS c7, w.c8 AS c8
FROM (SELECT pg_catalog.unnest(p.n) AS n, pg_catalog.unnest(p."do") AS "do", pg_catalog.unnest(p.k0) AS k0, pg_catalog.unnest(p.c0) AS c0, pg_catalog.unnest(p.c1) AS c1, pg_catalog.unnest(p.c2) AS c2, pg_catalog.unnest(p.c3) AS c3, pg_catalog.unnest(p.c4) AS c4, pg_catalog.unnest(p.c5) AS c5, pg_catalog.unnest(p.c6) AS c6, pg_catalog.unnest(p.c7) AS c7, pg_catalog.unnest(p.c8) AS c8
      FROM pg_catalog.json_to_record($1::pg_catalog.json) AS p(n pg_catalog.int4[], "do" pg_catalog.int4[], k0 pg_catalog.int8[], c0 pg_catalog."varchar"(100)[], c1 pg_catalog."varchar"(100)[], c2 pg_catalog."varchar"(50)[], c3 pg_catalog."varchar"(50)[], c4 pg_catalog.text[], c5 pg_catalog."varchar"(500)[], c6 pg_catalog.bool[], c7 pg_catalog.timestamptz[], c8 pg_catalog.timestamptz[])) w
) r
CROSS JOIN pg_catalog.json_to_record(pg_catalog.json_build_object('c0', 'false'::pg_catalog.text)) AS d(c0 pg_catalog.bool)
WHERE t."id" = r.k0 AND r.remove
  AND ROW(t."is_active")::pg_catalog.record OPERATOR(pg_catalog.*<>) ROW(d.c0)::pg_catalog.record


-- team: yielded (legacy)
SELECT dualwrite.placeholder_left('public', 'teams_team')
FROM (SELECT w.n, w."do" & 1 <> 0 AS present, w."do" & 2 <> 0 AS "write", w."do" & 4 <> 0 AS "create", w."do" & 8 <> 0 AS remove, w.k0 AS k0, w.c0 AS c0, w.c1 AS c1, w.c2 AS c2, w.c3 AS c3, w.c4 AS c4, w.c5 AS c5, w.c6 AS c6, w.c7 AS c7, w.c8 AS c8
FROM (SELECT pg_catalog.unnest(p.n) AS n, pg_catalog.unnest(p."do") AS "do", pg_catalog.unnest(p.k0) AS k0, pg_catalog.unnest(p.c0) AS c0, pg_catalog.unnest(p.c1) AS c1, pg_catalog.unnest(p.c2) AS c2, pg_catalog.unnest(p.c3) AS c3, pg_catalog.unnest(p.c4) AS c4, pg_catalog.unnest(p.c5) AS c5, pg_catalog.unnest(p.c6) AS c6, pg_catalog.unnest(p.c7) AS c7, pg_catalog.unnest(p.c8) AS c8
      FROM pg_catalog.json_to_record($1::pg_catalog.json) AS p(n pg_catalog.int4[], "do" pg_catalog.int4[], k0 pg_catalog.int8[], c0 pg_catalog."varchar"(100)[], c1 pg_catalog."varchar"(100)[], c2 pg_catalog."varchar"(50)[], c3 pg_catalog."varchar"(50)[], c4 pg_catalog.text[], c5 pg_catalog."varchar"(500)[], c6 pg_catalog.bool[], c7 pg_catalog.timestamptz[], c8 pg_catalog.timestamptz[])) w
) r
CROSS JOIN pg_catalog.json_to_record(pg_catalog.json_build_object('c0', 'false'::pg_catalog.text)) AS d(c0 pg_catalog.bool)
JOIN "public"."teams_team" t ON t."id" = r.k0
WHERE r."write" AND (pg_catalog.strpos(pg_catalog.lower(ROW(t.*)::pg_catalog.text), (pg_catalog.left('dw-' || pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to(pg_catalog.concat_ws('/', r.k0), 'UTF8')), 'hex'), 27)::pg_catalog."varchar")::pg_catalog.text) > 0)


-- team: verify (legacy)
SELECT r.n, t."id" IS NOT NULL AS shadow, coalesce(CASE WHEN r.remove THEN t."is_active" IS NOT DISTINCT FROM (d.c0) ELSE t."name" IS NOT DISTINCT FROM (r.c0) AND t."slug" IS NOT DISTINCT FROM (r.c1) AND t."game" IS NOT DISTINCT FROM (r.c2) AND t."region" IS NOT DISTINCT FROM (r.c3) AND t."description" IS NOT DISTINCT FROM (r.c4) AND t."logo_url" IS NOT DISTINCT FROM (r.c5) AND t."is_active" IS NOT DISTINCT FROM (r.c6) AND t."updated_at" IS NOT DISTINCT FROM (r.c8) END, false) AS equal
FROM (SELECT w.n, w."do" & 1 <> 0 AS present, w."do" & 2 <> 0 AS "write", w."do" & 4 <> 0 AS "create", w."do" & 8 <> 0 AS remove, w.k0 AS k0, w.c0 AS c0, w.c1 AS c1, w.c2 AS c2, w.c3 AS c3, w.c4 AS c4, w.c5 AS c5, w.c6 AS c6, w.c7 AS c7, w.c8 AS c8
FROM (SELECT pg_catalog.unnest(p.n) AS n, pg_catalog.unnest(p."do") AS "do", pg_catalog.unnest(p.k0) AS k0, pg_catalog.unnest(p.c0) AS c0, pg_catalog.unnest(p.c1) AS c1, pg_catalog.unnest(p.c2) AS c2, pg_catalog.unnest(p.c3) AS c3, pg_catalog.unnest(p.c4) AS c4, pg_catalog.unnest(p.c5) AS c5, pg_catalog.unnest(p.c6) AS c6, pg_catalog.unnest(p.c7) AS c7, pg_catalog.unnest(p.c8) AS c8
      FROM pg_catalog.json_to_record($1::pg_catalog.json) AS p(n pg_catalog.int4[], "do" pg_catalog.int4[], k0 pg_catalog.int8[], c0 pg_catalog."varchar"(100)[], c1 pg_catalog."varchar"(100)[], c2 pg_catalog."varchar"(50)[], c3 pg_catalog."varchar"(50)[], c4 pg_catalog.text[], c5 pg_catalog."varchar"(500)[], c6 pg_catalog.bool[], c7 pg_catalog.timestamptz[], c8 pg_catalog.timestamptz[])) w
) r
CROSS JOIN pg_catalog.json_to_record(pg_catalog.json_build_object('c0', 'false'::pg_catalog.text)) AS d(c0 pg_catalog.bool)
LEFT JOIN "public"."teams_team" t ON t."id" = r.k0


-- team: mark (vNext)
UPDATE "public"."organizations_teammigrationmap" AS m SET "verified" = r.equal
FROM (SELECT pg_catalog.unnest(p.s0) AS s0, pg_catalog.unnest(p.key) AS key, pg_catalog.unnest(p.equal) AS equal FROM pg_catalog.json_to_record($1::pg_catalog.json) AS p(s0 pg_catalog.int8[], key pg_catalog.int8[], equal pg_catalog.bool[])) r
WHERE m."vnext_team_id" = r.s0 AND m."legacy_team_id" = r.key AND m."verified" IS DISTINCT FROM r.equal


-- team: resync (vNext)
WITH chunk AS (
    SELECT n."id" AS k0, ARRAY[n."id"::pg_catalog.text] AS ref, n."id"::text AS root
    FROM "public"."organizations_team" n
    WHERE $1::text[] IS NULL OR (n."id") > (($1::pg_catalog.text[])[1]::pg_catalog.int8)
    ORDER BY n."id" LIMIT $2::integer
), queued AS (
    INSERT INTO dualwrite.outbox (bucket, entity, operation, ref)
    SELECT coalesce(hashtextextended(c.root, 0) & 1023, 0), 'team', 'sync_team_settings_updated', c.ref FROM chunk c
    RETURNING 1
)
SELECT (SELECT count(*) FROM queued) AS queued,
       (SELECT ARRAY[c.k0::pg_catalog.text] FROM chunk c ORDER BY c.k0 DESC LIMIT 1) AS position


-- membership: read (vNext)
SELECT w.n, coalesce(s.found, false) AS found, coalesce(s.present, false) AS present, w.i0::pg_catalog.text AS parent,
       p."legacy_team_id"::pg_catalog.text AS parent_key, NULL::pg_catalog.bool AS verified, (p."legacy_team_id"::pg_catalog.text) AS k0, ((w.i1)::pg_catalog.text) AS k1, s.c1, s.c2, s.c3, s.c4
FROM (SELECT u.i0::pg_catalog.int8 AS i0, u.i1::pg_catalog.int8 AS i1, u.n FROM unnest((SELECT $1::pg_catalog.text[]), (SELECT $2::pg_catalog.text[])) WITH ORDINALITY AS u(i0, i1, n)) w
LEFT JOIN LATERAL (SELECT b.*, (CASE WHEN b.q1 IS NULL THEN NULL WHEN b.q1::pg_catalog.text = 'OWNER' THEN 'OWNER' WHEN b.q1::pg_catalog.text = 'MANAGER' THEN 'MANAGER' WHEN b.q1::pg_catalog.text = 'COACH' THEN 'COACH' WHEN b.q1::pg_catalog.text = 'PLAYER' THEN 'PLAYER' WHEN b.q1::pg_catalog.text = 'SUBSTITUTE' THEN 'SUBSTITUTE' ELSE 'PLAYER' END)::pg_catalog.text AS c1, (b.q2)::pg_catalog.text AS c2, (b.q3)::pg_catalog.text AS c3, NULL::pg_catalog.text AS c4
FROM (SELECT true AS found, coalesce("status"::pg_catalog.text IN ('ACTIVE'), false) AS present, "team_id" AS p0, "id" AS k, "role" AS q1, "status" AS q2, "created_at" AS q3
      FROM (SELECT source.* FROM "public"."organizations_teammembership" source WHERE source."team_id" = w.i0 AND source."user_id" = w.i1 ORDER BY coalesce(source."status"::pg_catalog.text IN ('ACTIVE'), false) DESC, source."updated_at" DESC NULLS LAST, source."id" DESC LIMIT 1) AS "organizations_teammembership") b
) s ON true
LEFT JOIN "public"."organizations_teammigrationmap" p ON p."vnext_team_id" = w.i0
ORDER BY w.n


-- membership: removals (vNext)
WITH stopped AS MATERIALIZED (
    SELECT pg_catalog.count(*) AS rows FROM dualwrite.failed f
    WHERE f.entity = 'membership' AND f.operation = 'sync_team_member_removed' AND f.sqlstate = 'DW005' AND f.retry_at IS NULL
), waiting AS MATERIALIZED (
    SELECT pg_catalog.count(*) AS events, coalesce(pg_catalog.max(o.id), 0) AS newest
    FROM dualwrite.outbox o
    WHERE o.entity = 'membership' AND o.operation = 'sync_team_member_removed' AND o.actor IS DISTINCT FROM 'dualwrited reconcile'
), counted AS MATERIALIZED (
    SELECT pg_catalog.count(*) AS rows
    FROM (SELECT FROM "public"."organizations_teammembership"
          LIMIT (SELECT least((s.rows + w.events) * (100 - $1::pg_catalog.int4) / $1::pg_catalog.int4 + 1, 1000000)
                 FROM stopped s, waiting w)) s
), remaining AS MATERIALIZED (
    SELECT CASE WHEN c.rows < 1000000 THEN c.rows ELSE greatest(c.rows, (
               SELECT pg_catalog.sum(p.reltuples)::pg_catalog.int8
               FROM pg_catalog.pg_class p, pg_catalog.to_regclass(pg_catalog.format('%I.%I', 'public', 'organizations_teammembership')) AS s(oid)
               WHERE p.oid = s.oid OR p.oid IN (SELECT i.inhrelid FROM pg_catalog.pg_inherits i WHERE i.inhparent = s.oid)))
           END AS rows
    FROM counted c
)
SELECT s.rows + CASE WHEN (s.rows + w.events) * 100 <= $1::pg_catalog.int4 * (s.rows + w.events + r.rows) THEN w.events ELSE (
           SELECT pg_catalog.count(*)
           FROM (SELECT FROM dualwrite.outbox o
                 WHERE o.entity = 'membership' AND o.actor IS DISTINCT FROM 'dualwrited reconcile'
                 GROUP BY o.ref[2], o.ref[3]
                 HAVING pg_catalog.max(o.id) = pg_catalog.max(o.id) FILTER (WHERE o.operation = 'sync_team_member_removed')
                    AND pg_catalog.min(o.id) IS DISTINCT FROM
                        pg_catalog.min(o.id) FILTER (WHERE o.operation = 'sync_team_member_added')) gone) END AS removals,
       w.newest, r.rows
FROM stopped s, waiting w, remaining r


-- membership: update (legacy)
UPDATE "public"."teams_teammembership" AS t SET "role" = r.c1, "status" = CASE WHEN r.present THEN r.c2 ELSE d.c0 END, "left_at" = CASE WHEN r.present THEN r.c4 ELSE coalesce(t."left_at", pg_catalog.now()::pg_catalog.timestamptz) END
FROM (SELECT w.n, w."do" & 1 <> 0 AS present, w."do" & 2 <> 0 AS "write", w."do" & 4 <> 0 AS "create", w."do" & 8 <> 0 AS remove, w.k0 AS k0, w.k1 AS k1, w.c1 AS c1, w.c2 AS c2, w.c3 AS c3, w.c4 AS c4
FROM (SELECT pg_catalog.unnest(p.n) AS n, pg_catalog.unnest(p."do") AS "do", pg_catalog.unnest(p.k0) AS k0, pg_catalog.unnest(p.k1) AS k1, pg_catalog.unnest(p.c1) AS c1, pg_catalog.unnest(p.c2) AS c2, pg_catalog.unnest(p.c3) AS c3, pg_catalog.unnest(p.c4) AS c4
      FROM pg_catalog.json_to_record($1::pg_catalog.json) AS p(n pg_catalog.int4[], "do" pg_catalog.int4[], k0 pg_catalog.int8[], k1 pg_catalog.int8[], c1 pg_catalog."varchar"(20)[], c2 pg_catalog."varchar"(20)[], c3 pg_catalog.timestamptz[], c4 pg_catalog.timestamptz[])) w
) r
CROSS JOIN pg_catalog.json_to_record(pg_catalog.json_build_object('c0', 'INACTIVE'::pg_catalog.text)) AS d(c0 pg_catalog."varchar"(20))
WHERE t."team_id" = r.k0 AND t."user_id" = r.k1 AND r."write"
  AND ROW(t."role", t."status", t."left_at")::pg_catalog.record OPERATOR(pg_catalog.*<>) ROW(r.c1, CASE WHEN r.present THEN r.c2 ELSE d.c0 END, CASE WHEN r.present THEN r.c4 ELSE coalesce(t."left_at", pg_catalog.now()::pg_catalog.timestamptz) END)::pg_catalog.record


-- membership: insert (legacy)
INSERT INTO "public"."teams_teammembership" ("team_id", "user_id", "role", "status", "joined_at", "left_at") OVERRIDING SYSTEM VALUE
SELECT r.k0, r.k1, r.c1, CASE WHEN r.present THEN r.c2 ELSE d.c0 END, r.c3, CASE WHEN r.present THEN r.c4 ELSE coalesce(t."left_at", pg_catalog.now()::pg_catalog.timestamptz) END
FROM (SELECT w.n, w."do" & 1 <> 0 AS present, w."do" & 2 <> 0 AS "write", w."do" & 4 <> 0 AS "create", w."do" & 8 <> 0 AS remove, w.k0 AS k0, w.k1 AS k1, w.c1 AS c1, w.c2 AS c2, w.c3 AS c3, w.c4 AS c4
FROM (SELECT pg_catalog.unnest(p.n) AS n, pg_catalog.unnest(p."do") AS "do", pg_catalog.unnest(p.k0) AS k0, pg_catalog.unnest(p.k1) AS k1, pg_catalog.unnest(p.c1) AS c1, pg_catalog.unnest(p.c2) AS c2, pg_catalog.unnest(p.c3) AS c3, pg_catalog.unnest(p.c4) AS c4
      FROM pg_catalog.json_to_record($1::pg_catalog.json) AS p(n pg_catalog.int4[], "do" pg_catalog.int4[], k0 pg_catalog.int8[], k1 pg_catalog.int8[], c1 pg_catalog."varchar"(20)[], c2 pg_catalog."varchar"(20)[], c3 pg_catalog.timestamptz[], c4 pg_catalog.timestamptz[])) w
) r
CROSS JOIN pg_catalog.json_to_record(pg_catalog.json_build_object('c0', 'INACTIVE'::pg_catalog.text)) AS d(c0 pg_catalog."varchar"(20))
LEFT JOIN "public"."teams_teammembership" t ON t."team_id" = r.k0 AND t."user_id" = r.k1
WHERE r."create" AND t."team_id" IS NULL AND r.k0 IS NOT NULL AND r.k1 IS NOT NULL
ORDER BY r.n


-- membership: remove (legacy)
UPDATE "public"."teams_teammembership" AS t SET "status" = d.c0, "left_at" = coalesce(t."left_at", pg_catalog.now()::pg_catalog.timestamptz)
FROM (SELECT w.n, w."do" & 1 <> 0 AS present, w."do" & 2 <> 0 AS "write", w."do" & 4 <> 0 AS "create", w."do" & 8 <> 0 AS remove, w.k0 AS k0, w.k1 AS k1, w.c1 AS c1, w.c2 AS c2, w.c3 AS c3, w.c4 AS c4
FROM (SELECT pg_catalog.unnest(p.n) AS n, pg_catalog.unnest(p."do") AS "do", pg_catalog.unnest(p.k0) AS k0, pg_catalog.unnest(p.k1) AS k1, pg_catalog.unnest(p.c1) AS c1, pg_catalog.unnest(p.c2) AS c2, pg_catalog.unnest(p.c3) AS c3, pg_catalog.unnest(p.c4) AS c4
      FROM pg_catalog.json_to_record($1::pg_catalog.json) AS p(n pg_catalog.int4[], "do" pg_catalog.int4[], k0 pg_catalog.int8[], k1 pg_catalog.int8[], c1 pg_catalog."varchar"(20)[], c2 pg_catalog."varchar"(20)[], c3 pg_catalog.timestamptz[], c4 pg_catalog.timestamptz[])) w
) r
CROSS JOIN pg_catalog.json_to_record(pg_catalog.json_build_object('c0', 'INACTIVE'::pg_catalog.text)) AS d(c0 pg_catalog."varchar"(20))
WHERE t."team_id" = r.k0 AND t."user_id" = r.k1 AND r.remove
  AND ROW(t."status", t."left_at")::pg_catalog.record OPERATOR(pg_catalog.*<>) ROW(d.c0, coalesce(t."left_at", pg_catalog.now()::pg_catalog.timestamptz))::pg_catalog.record


-- membership: verify (legacy)
SELECT r.n, t."team_id" IS NOT NULL AS shadow, coalesce(CASE WHEN r.remove THEN t."status" IS NOT DISTINCT FROM (d.c0) AND t."left_at" IS NOT DISTINCT FROM (coalesce(t."left_at", pg_catalog.now()::pg_catalog.timestamptz)) ELSE t."role" IS NOT DISTINCT FROM (r.c1) AND t."status" IS NOT DISTINCT FROM (CASE WHEN r.present THEN r.c2 ELSE d.c0 END) AND t."left_at" IS NOT DISTINCT FROM (CASE WHEN r.present THEN r.c4 ELSE coalesce(t."left_at", pg_catalog.now()::pg_catalog.timestamptz) END) END, false) AS equal
FROM (SELECT w.n, w."do" & 1 <> 0 AS present, w."do" & 2 <> 0 AS "write", w."do" & 4 <> 0 AS "create", w."do" & 8 <> 0 AS remove, w.k0 AS k0, w.k1 AS k1, w.c1 AS c1, w.c2 AS c2, w.c3 AS c3, w.c4 AS c4
FROM (SELECT pg_catalog.unnest(p.n) AS n, pg_catalog.unnest(p."do") AS "do", pg_catalog.unnest(p.k0) AS k0, pg_catalog.unnest(p.k1) AS k1, pg_catalog.unnest(p.c1) AS c1, pg_catalog.unnest(p.c2) AS c2, pg_catalog.unnest(p.c3) AS c3, pg_catalog.unnest(p.c4) AS c4
      FROM pg_catalog.json_to_record($1::pg_catalog.json) AS p(n pg_catalog.int4[], "do" pg_catalog.int4[], k0 pg_catalog.int8[], k1 pg_catalog.int8[], c1 pg_catalog."varchar"(20)[], c2 pg_catalog."varchar"(20)[], c3 pg_catalog.timestamptz[], c4 pg_catalog.timestamptz[])) w
) r
CROSS JOIN pg_catalog.json_to_record(pg_catalog.json_build_object('c0', 'INACTIVE'::pg_catalog.text)) AS d(c0 pg_catalog."varchar"(20))
LEFT JOIN "public"."teams_teammembership" t ON t."team_id" = r.k0 AND t."user_id" = r.k1


-- membership: resync (vNext)
WITH chunk AS (
    SELECT n."id" AS k0, ARRAY[n."id"::pg_catalog.text, n."team_id"::pg_catalog.text, n."user_id"::pg_catalog.text] AS ref, n."team_id"::text AS root
    FROM "public"."organizations_teammembership" n
    WHERE $1::text[] IS NULL OR (n."id") > (($1::pg_catalog.text[])[1]::pg_catalog.int8)
    ORDER BY n."id" LIMIT $2::integer
), queued AS (
    INSERT INTO dualwrite.outbox (bucket, entity, operation, ref)
    SELECT coalesce(hashtextextended(c.root, 0) & 1023, 0), 'membership', 'sync_team_member_updated', c.ref FROM chunk c
    RETURNING 1
)
SELECT (SELECT count(*) FROM queued) AS queued,
       (SELECT ARRAY[c.k0::pg_catalog.text] FROM chunk c ORDER BY c.k0 DESC LIMIT 1) AS position


