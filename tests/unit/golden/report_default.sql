-- vnext
SELECT pg_catalog.count(*) FILTER (WHERE s.active) AS active, pg_catalog.count(*) FILTER (WHERE s.recent) AS recent
FROM (SELECT "id" AS s0, "id"::pg_catalog.text AS r0, true AS present, true AND NOT coalesce((status = 'ACTIVE'
)::pg_catalog.bool = 'false'::pg_catalog.bool, false) AS active, (true) AND coalesce("created_at" > pg_catalog.now() - interval '24 hours', false) AS recent, "created_at"::pg_catalog.text AS created, coalesce("game_id"::pg_catalog.text = '1', false) AND coalesce("region"::pg_catalog.text = 'it''s', false) AS wanted
FROM "public"."organizations_team"
) s WHERE s.wanted


-- map
DECLARE dualwrite_map NO SCROLL CURSOR FOR
SELECT m."legacy_team_id"::pg_catalog.text AS legacy, m.id::pg_catalog.text AS id, m."vnext_team_id"::pg_catalog.text AS vnext, s.s0 IS NOT NULL AS found,
       coalesce(s.present, false) AS present, CASE WHEN s.recent AND s.wanted THEN s.created END AS recent
FROM "public"."organizations_teammigrationmap" m LEFT JOIN (SELECT "id" AS s0, "id"::pg_catalog.text AS r0, true AS present, true AND NOT coalesce((status = 'ACTIVE'
)::pg_catalog.bool = 'false'::pg_catalog.bool, false) AS active, (true) AND coalesce("created_at" > pg_catalog.now() - interval '24 hours', false) AS recent, "created_at"::pg_catalog.text AS created, coalesce("game_id"::pg_catalog.text = '1', false) AND coalesce("region"::pg_catalog.text = 'it''s', false) AS wanted
FROM "public"."organizations_team"
) s ON m."vnext_team_id" = s.s0
ORDER BY m."legacy_team_id" NULLS LAST


-- legacy
DECLARE dualwrite_legacy NO SCROLL CURSOR FOR
SELECT t."id"::pg_catalog.text AS legacy, NOT coalesce(t."is_active" = 'false'::pg_catalog.bool, false) AS active, coalesce(t."game"::pg_catalog.text = 'valorant', false) AND coalesce(t."region"::pg_catalog.text = 'it''s', false) AS wanted
FROM "public"."teams_team" t
ORDER BY t."id" NULLS LAST


-- twice
SELECT m."vnext_team_id"::pg_catalog.text AS vnext, pg_catalog.count(*) OVER () AS total
FROM "public"."organizations_teammigrationmap" m GROUP BY m."vnext_team_id" HAVING pg_catalog.count(*) > 1 ORDER BY m."vnext_team_id" LIMIT 1000


-- unmapped
SELECT s.s0::pg_catalog.text AS vnext, s.created, pg_catalog.count(*) OVER () AS total
FROM (SELECT "id" AS s0, "id"::pg_catalog.text AS r0, true AS present, true AND NOT coalesce((status = 'ACTIVE'
)::pg_catalog.bool = 'false'::pg_catalog.bool, false) AS active, (true) AND coalesce("created_at" > pg_catalog.now() - interval '24 hours', false) AS recent, "created_at"::pg_catalog.text AS created, coalesce("game_id"::pg_catalog.text = '1', false) AND coalesce("region"::pg_catalog.text = 'it''s', false) AS wanted
FROM "public"."organizations_team"
) s
WHERE s.recent AND s.wanted AND NOT EXISTS (SELECT FROM "public"."organizations_teammigrationmap" m WHERE m."vnext_team_id" = s.s0)
ORDER BY s.created DESC LIMIT 10


-- sample
SELECT pg_catalog.array_to_json(ARRAY[s.r0]::pg_catalog.text[]) AS ref, m."legacy_team_id"::pg_catalog.text AS legacy, m."vnext_team_id"::pg_catalog.text AS vnext
FROM "public"."organizations_teammigrationmap" m JOIN (SELECT "id" AS s0, "id"::pg_catalog.text AS r0, true AS present, true AND NOT coalesce((status = 'ACTIVE'
)::pg_catalog.bool = 'false'::pg_catalog.bool, false) AS active, (true) AND coalesce("created_at" > pg_catalog.now() - interval '24 hours', false) AS recent, "created_at"::pg_catalog.text AS created, coalesce("game_id"::pg_catalog.text = '1', false) AND coalesce("region"::pg_catalog.text = 'it''s', false) AS wanted
FROM "public"."organizations_team"
) s ON m."vnext_team_id" = s.s0
WHERE s.present AND s.wanted
ORDER BY pg_catalog.hashtextextended(m."vnext_team_id"::pg_catalog.text, $1::pg_catalog.int8), m."vnext_team_id"::pg_catalog.text LIMIT $2::pg_catalog.int4


-- members_vnext
SELECT d.root, pg_catalog.count(*) AS members
FROM (SELECT DISTINCT s.i0, s.i1, s.root
      FROM (SELECT "team_id" AS i0, "user_id" AS i1, "team_id" AS parent, "team_id"::pg_catalog.text AS root, coalesce("status"::pg_catalog.text IN ('ACTIVE'), false) AND NOT coalesce("status"::pg_catalog."varchar" = 'INACTIVE'::pg_catalog."varchar", false) AS active FROM "public"."organizations_teammembership") s
      WHERE s.active AND s.parent = ANY ($1::pg_catalog.text[]::pg_catalog.int8[])) d
GROUP BY d.root


-- members_legacy
SELECT t."team_id"::pg_catalog.text AS root, pg_catalog.count(*) AS members
FROM "public"."teams_teammembership" t
WHERE NOT coalesce(t."status" = 'INACTIVE'::pg_catalog."varchar", false) AND coalesce(t."status"::pg_catalog.text IN ('ACTIVE'), false) AND t."team_id" = ANY ($1::pg_catalog.text[]::pg_catalog.int8[])
GROUP BY t."team_id"


-- ranked_vnext
none

-- ranked_legacy
none

-- rankings
none

