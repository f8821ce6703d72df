-- team: reserve (write)
WITH reserved AS MATERIALIZED (
    SELECT s.i0, (pg_catalog.nextval('public.teams_team_id_seq'::pg_catalog.regclass))::pg_catalog.int8 AS key, (s.c1)::pg_catalog."varchar" AS v0, (pg_catalog.now())::pg_catalog.timestamptz AS v1, (pg_catalog.now())::pg_catalog.timestamptz AS v2, (pg_catalog.now())::pg_catalog.timestamptz AS v3
    FROM (SELECT u.i0::pg_catalog.int8 AS i0, u.removal, u.n FROM unnest($1::pg_catalog.text[], $2::pg_catalog.bool[]) WITH ORDINALITY AS u(i0, removal, n)) w
    JOIN LATERAL (SELECT "id" AS k0, "id" AS i0, true AS present, "id" AS latest, ("name")::pg_catalog."varchar" AS c0, ("slug")::pg_catalog."varchar" AS c1, (CASE WHEN "game_id" IS NULL THEN NULL WHEN "game_id"::pg_catalog.text = '1' THEN 'valorant' WHEN "game_id"::pg_catalog.text = '2' THEN 'csgo' WHEN "game_id"::pg_catalog.text = '3' THEN 'dota2' WHEN "game_id"::pg_catalog.text = '4' THEN 'pubg' ELSE dualwrite.unmapped('team.game', "game_id"::pg_catalog.text) END)::pg_catalog."varchar" AS c2, ("region")::pg_catalog."varchar" AS c3, ("description")::pg_catalog.text AS c4, ((branding ->> 'logo_url'
))::pg_catalog."varchar" AS c5, ((status = 'ACTIVE'
))::pg_catalog.bool AS c6, ("created_at")::pg_catalog.timestamptz AS c7, ("updated_at")::pg_catalog.timestamptz AS c8 FROM "public"."organizations_team" WHERE "id" = w.i0) s ON true
    WHERE s.present AND NOT EXISTS (SELECT FROM "public"."organizations_teammigrationmap" m WHERE m."vnext_team_id" = s.i0)
)
INSERT INTO "public"."organizations_teammigrationmap" ("vnext_team_id", "legacy_team_id", "legacy_slug", "migration_date", "created_at", "updated_at", "verified")
SELECT r.i0,
       coalesce((SELECT dualwrite.key_taken('public', 'teams_team', 'id', t."id") FROM "public"."teams_team" t
                 WHERE t."id" = r.key LIMIT 1), r.key), r.v0, r.v1, r.v2, r.v3, false
FROM reserved r
ON CONFLICT ("vnext_team_id") DO NOTHING


-- team: upsert (write)
INSERT INTO "public"."teams_team" AS t ("id", "name", "slug", "game", "region", "description", "logo_url", "is_active", "created_at", "updated_at") OVERRIDING SYSTEM VALUE
SELECT e.mk, e.c0, e.c1, e.c2, e.c3, e.c4, e.c5, e.c6, e.c7, e.c8
FROM (SELECT DISTINCT ON (w.n) s.present, t."id" IS NOT NULL AS there, m."legacy_team_id" AS mk, s.c0 AS c0, s.c1 AS c1, s.c2 AS c2, s.c3 AS c3, s.c4 AS c4, s.c5 AS c5, s.c6 AS c6, s.c7 AS c7, s.c8 AS c8
      FROM (SELECT u.i0::pg_catalog.int8 AS i0, u.removal, u.n FROM unnest($1::pg_catalog.text[], $2::pg_catalog.bool[]) WITH ORDINALITY AS u(i0, removal, n)) w
      JOIN LATERAL (SELECT "id" AS k0, "id" AS i0, true AS present, "id" AS latest, ("name")::pg_catalog."varchar" AS c0, ("slug")::pg_catalog."varchar" AS c1, (CASE WHEN "game_id" IS NULL THEN NULL WHEN "game_id"::pg_catalog.text = '1' THEN 'valorant' WHEN "game_id"::pg_catalog.text = '2' THEN 'csgo' WHEN "game_id"::pg_catalog.text = '3' THEN 'dota2' WHEN "game_id"::pg_catalog.text = '4' THEN 'pubg' ELSE dualwrite.unmapped('team.game', "game_id"::pg_catalog.text) END)::pg_catalog."varchar" AS c2, ("region")::pg_catalog."varchar" AS c3, ("description")::pg_catalog.text AS c4, ((branding ->> 'logo_url'
))::pg_catalog."varchar" AS c5, ((status = 'ACTIVE'
))::pg_catalog.bool AS c6, ("created_at")::pg_catalog.timestamptz AS c7, ("updated_at")::pg_catalog.timestamptz AS c8 FROM "public"."organizations_team" WHERE "id" = w.i0) s ON true
      JOIN "public"."organizations_teammigrationmap" m ON m."vnext_team_id" = s.i0 
      LEFT JOIN "public"."teams_team" t ON t."id" = m."legacy_team_id"
      ORDER BY w.n, s.present DESC, s.latest DESC NULLS LAST, s.k0 DESC) e
WHERE (e.present OR e.there)
ON CONFLICT ("id") DO UPDATE SET "name" = excluded."name", "slug" = excluded."slug", "game" = excluded."game", "region" = excluded."region", "description" = excluded."description", "logo_url" = excluded."logo_url", "is_active" = excluded."is_active", "updated_at" = excluded."updated_at" WHERE ROW(t."name", t."slug", t."game", t."region", t."description", t."logo_url", t."is_active", t."updated_at")::pg_catalog.record OPERATOR(pg_catalog.*<>) ROW(excluded."name", excluded."slug", excluded."game", excluded."region", excluded."description", excluded."logo_url", excluded."is_active", excluded."updated_at")::pg_catalog.record


-- team: remove (remove)
UPDATE "public"."teams_team" AS t SET "is_active" = 'false'::pg_catalog.bool
FROM (SELECT u.i0::pg_catalog.int8 AS i0, u.removal, u.n FROM unnest($1::pg_catalog.text[], $2::pg_catalog.bool[]) WITH ORDINALITY AS u(i0, removal, n)) w JOIN "public"."organizations_teammigrationmap" m ON m."vnext_team_id" = w.i0 
WHERE t."id" = m."legacy_team_id" AND w.removal
  AND NOT EXISTS (SELECT FROM (SELECT "id" AS k0, "id" AS i0, true AS present, "id" AS latest, ("name")::pg_catalog."varchar" AS c0, ("slug")::pg_catalog."varchar" AS c1, (CASE WHEN "game_id" IS NULL THEN NULL WHEN "game_id"::pg_catalog.text = '1' THEN 'valorant' WHEN "game_id"::pg_catalog.text = '2' THEN 'csgo' WHEN "game_id"::pg_catalog.text = '3' THEN 'dota2' WHEN "game_id"::pg_catalog.text = '4' THEN 'pubg' ELSE dualwrite.unmapped('team.game', "game_id"::pg_catalog.text) END)::pg_catalog."varchar" AS c2, ("region")::pg_catalog."varchar" AS c3, ("description")::pg_catalog.text AS c4, ((branding ->> 'logo_url'
))::pg_catalog."varchar" AS c5, ((status = 'ACTIVE'
))::pg_catalog.bool AS c6, ("created_at")::pg_catalog.timestamptz AS c7, ("updated_at")::pg_catalog.timestamptz AS c8 FROM "public"."organizations_team" WHERE "id" = w.i0) s)
  AND ROW(t."is_active")::pg_catalog.record OPERATOR(pg_catalog.*<>) ROW('false'::pg_catalog.bool)::pg_catalog.record


-- team: verify (verify)
WITH checked AS (
    SELECT w.n, w.i0 AS source_key, s.k0 IS NOT NULL AS found, s.k0 IS NOT NULL AND (s.present OR t."id" IS NOT NULL) AS wanted_row,
           t."id" IS NOT NULL AS shadow, coalesce(t."name" IS NOT DISTINCT FROM (s.c0) AND t."slug" IS NOT DISTINCT FROM (s.c1) AND t."game" IS NOT DISTINCT FROM (s.c2) AND t."region" IS NOT DISTINCT FROM (s.c3) AND t."description" IS NOT DISTINCT FROM (s.c4) AND t."logo_url" IS NOT DISTINCT FROM (s.c5) AND t."is_active" IS NOT DISTINCT FROM (s.c6) AND t."updated_at" IS NOT DISTINCT FROM (s.c8), false) AS equal,
           m."legacy_team_id"::pg_catalog.text AS target_key
    FROM (SELECT u.i0::pg_catalog.int8 AS i0, u.removal, u.n FROM unnest($1::pg_catalog.text[], $2::pg_catalog.bool[]) WITH ORDINALITY AS u(i0, removal, n)) w
    LEFT JOIN LATERAL (SELECT * FROM (SELECT "id" AS k0, "id" AS i0, true AS present, "id" AS latest, ("name")::pg_catalog."varchar" AS c0, ("slug")::pg_catalog."varchar" AS c1, (CASE WHEN "game_id" IS NULL THEN NULL WHEN "game_id"::pg_catalog.text = '1' THEN 'valorant' WHEN "game_id"::pg_catalog.text = '2' THEN 'csgo' WHEN "game_id"::pg_catalog.text = '3' THEN 'dota2' WHEN "game_id"::pg_catalog.text = '4' THEN 'pubg' ELSE dualwrite.unmapped('team.game', "game_id"::pg_catalog.text) END)::pg_catalog."varchar" AS c2, ("region")::pg_catalog."varchar" AS c3, ("description")::pg_catalog.text AS c4, ((branding ->> 'logo_url'
))::pg_catalog."varchar" AS c5, ((status = 'ACTIVE'
))::pg_catalog.bool AS c6, ("created_at")::pg_catalog.timestamptz AS c7, ("updated_at")::pg_catalog.timestamptz AS c8 FROM "public"."organizations_team" WHERE "id" = w.i0) s
                       ORDER BY s.present DESC, s.latest DESC NULLS LAST, s.k0 DESC LIMIT 1) s ON true
    LEFT JOIN "public"."organizations_teammigrationmap" m ON m."vnext_team_id" = w.i0 
    LEFT JOIN "public"."teams_team" t ON t."id" = m."legacy_team_id"
), marked AS (
    UPDATE "public"."organizations_teammigrationmap" AS noted SET "verified" = c.equal FROM checked c
    WHERE noted."vnext_team_id" = c.source_key AND c.found AND c.shadow AND noted."verified" IS DISTINCT FROM c.equal
)

SELECT n, found, wanted_row, shadow, equal, target_key FROM checked


-- team: resync
WITH chunk AS (
    SELECT n."id", ARRAY[n."id"::pg_catalog.text] AS ref, n."id"::text AS root
    FROM "public"."organizations_team" n
    WHERE $1::text[] IS NULL OR (n."id") > (($1::pg_catalog.text[])[1]::pg_catalog.int8)
    ORDER BY n."id" LIMIT $2::integer
), queued AS (
    INSERT INTO dualwrite.outbox (bucket, entity, operation, ref)
    SELECT coalesce(hashtextextended(c.root, 0) & 1023, 0), 'team', 'sync_team_settings_updated', c.ref FROM chunk c
    RETURNING 1
)
SELECT (SELECT count(*) FROM queued) AS queued,
       (SELECT ARRAY[n."id"::pg_catalog.text] FROM chunk n ORDER BY n."id" DESC LIMIT 1) AS position


-- membership: parent reserve (write)
WITH reserved AS MATERIALIZED (
    SELECT s.i0, (pg_catalog.nextval('public.teams_team_id_seq'::pg_catalog.regclass))::pg_catalog.int8 AS key, (s.c1)::pg_catalog."varchar" AS v0, (pg_catalog.now())::pg_catalog.timestamptz AS v1, (pg_catalog.now())::pg_catalog.timestamptz AS v2, (pg_catalog.now())::pg_catalog.timestamptz AS v3
    FROM (SELECT d.i0, false AS removal, row_number() OVER () AS n
FROM (SELECT DISTINCT s.p0::pg_catalog.text::pg_catalog.int8 AS i0
      FROM (SELECT u.i0::pg_catalog.int8 AS i0, u.i1::pg_catalog.int8 AS i1, u.removal, u.n FROM unnest($1::pg_catalog.text[], $2::pg_catalog.text[], $3::pg_catalog.bool[]) WITH ORDINALITY AS u(i0, i1, removal, n)) w JOIN LATERAL (SELECT "id" AS k0, "team_id" AS i0, "user_id" AS i1, "team_id" AS p0, coalesce("status"::pg_catalog.text IN ('ACTIVE'), false) AS present, "updated_at" AS latest, ("user_id")::pg_catalog.int8 AS c0, (CASE WHEN "role" IS NULL THEN NULL WHEN "role"::pg_catalog.text = 'OWNER' THEN 'OWNER' WHEN "role"::pg_catalog.text = 'MANAGER' THEN 'MANAGER' WHEN "role"::pg_catalog.text = 'COACH' THEN 'COACH' WHEN "role"::pg_catalog.text = 'PLAYER' THEN 'PLAYER' WHEN "role"::pg_catalog.text = 'SUBSTITUTE' THEN 'SUBSTITUTE' ELSE 'PLAYER' END)::pg_catalog."varchar" AS c1, ("status")::pg_catalog."varchar" AS c2, ("created_at")::pg_catalog.timestamptz AS c3, (NULL)::pg_catalog.timestamptz AS c4 FROM "public"."organizations_teammembership" WHERE "team_id" = w.i0 AND "user_id" = w.i1) s ON true) d
WHERE NOT EXISTS (SELECT FROM "public"."organizations_teammigrationmap" m JOIN "public"."teams_team" t ON t."id" = m."legacy_team_id" WHERE m."vnext_team_id" = d.i0)
) w
    JOIN LATERAL (SELECT "id" AS k0, "id" AS i0, true AS present, "id" AS latest, ("name")::pg_catalog."varchar" AS c0, ("slug")::pg_catalog."varchar" AS c1, (CASE WHEN "game_id" IS NULL THEN NULL WHEN "game_id"::pg_catalog.text = '1' THEN 'valorant' WHEN "game_id"::pg_catalog.text = '2' THEN 'csgo' WHEN "game_id"::pg_catalog.text = '3' THEN 'dota2' WHEN "game_id"::pg_catalog.text = '4' THEN 'pubg' ELSE dualwrite.unmapped('team.game', "game_id"::pg_catalog.text) END)::pg_catalog."varchar" AS c2, ("region")::pg_catalog."varchar" AS c3, ("description")::pg_catalog.text AS c4, ((branding ->> 'logo_url'
))::pg_catalog."varchar" AS c5, ((status = 'ACTIVE'
))::pg_catalog.bool AS c6, ("created_at")::pg_catalog.timestamptz AS c7, ("updated_at")::pg_catalog.timestamptz AS c8 FROM "public"."organizations_team" WHERE "id" = w.i0) s ON true
    WHERE true AND NOT EXISTS (SELECT FROM "public"."organizations_teammigrationmap" m WHERE m."vnext_team_id" = s.i0)
)
INSERT INTO "public"."organizations_teammigrationmap" ("vnext_team_id", "legacy_team_id", "legacy_slug", "migration_date", "created_at", "updated_at", "verified")
SELECT r.i0,
       coalesce((SELECT dualwrite.key_taken('public', 'teams_team', 'id', t."id") FROM "public"."teams_team" t
                 WHERE t."id" = r.key LIMIT 1), r.key), r.v0, r.v1, r.v2, r.v3, false
FROM reserved r
ON CONFLICT ("vnext_team_id") DO NOTHING


-- membership: parent upsert (write)
INSERT INTO "public"."teams_team" AS t ("id", "name", "slug", "game", "region", "description", "logo_url", "is_active", "created_at", "updated_at") OVERRIDING SYSTEM VALUE
SELECT e.mk, e.c0, e.c1, e.c2, e.c3, e.c4, e.c5, e.c6, e.c7, e.c8
FROM (SELECT DISTINCT ON (w.n) s.present, t."id" IS NOT NULL AS there, m."legacy_team_id" AS mk, s.c0 AS c0, s.c1 AS c1, s.c2 AS c2, s.c3 AS c3, s.c4 AS c4, s.c5 AS c5, s.c6 AS c6, s.c7 AS c7, s.c8 AS c8
      FROM (SELECT d.i0, false AS removal, row_number() OVER () AS n
FROM (SELECT DISTINCT s.p0::pg_catalog.text::pg_catalog.int8 AS i0
      FROM (SELECT u.i0::pg_catalog.int8 AS i0, u.i1::pg_catalog.int8 AS i1, u.removal, u.n FROM unnest($1::pg_catalog.text[], $2::pg_catalog.text[], $3::pg_catalog.bool[]) WITH ORDINALITY AS u(i0, i1, removal, n)) w JOIN LATERAL (SELECT "id" AS k0, "team_id" AS i0, "user_id" AS i1, "team_id" AS p0, coalesce("status"::pg_catalog.text IN ('ACTIVE'), false) AS present, "updated_at" AS latest, ("user_id")::pg_catalog.int8 AS c0, (CASE WHEN "role" IS NULL THEN NULL WHEN "role"::pg_catalog.text = 'OWNER' THEN 'OWNER' WHEN "role"::pg_catalog.text = 'MANAGER' THEN 'MANAGER' WHEN "role"::pg_catalog.text = 'COACH' THEN 'COACH' WHEN "role"::pg_catalog.text = 'PLAYER' THEN 'PLAYER' WHEN "role"::pg_catalog.text = 'SUBSTITUTE' THEN 'SUBSTITUTE' ELSE 'PLAYER' END)::pg_catalog."varchar" AS c1, ("status")::pg_catalog."varchar" AS c2, ("created_at")::pg_catalog.timestamptz AS c3, (NULL)::pg_catalog.timestamptz AS c4 FROM "public"."organizations_teammembership" WHERE "team_id" = w.i0 AND "user_id" = w.i1) s ON true) d
WHERE NOT EXISTS (SELECT FROM "public"."organizations_teammigrationmap" m JOIN "public"."teams_team" t ON t."id" = m."legacy_team_id" WHERE m."vnext_team_id" = d.i0)
) w
      JOIN LATERAL (SELECT "id" AS k0, "id" AS i0, true AS present, "id" AS latest, ("name")::pg_catalog."varchar" AS c0, ("slug")::pg_catalog."varchar" AS c1, (CASE WHEN "game_id" IS NULL THEN NULL WHEN "game_id"::pg_catalog.text = '1' THEN 'valorant' WHEN "game_id"::pg_catalog.text = '2' THEN 'csgo' WHEN "game_id"::pg_catalog.text = '3' THEN 'dota2' WHEN "game_id"::pg_catalog.text = '4' THEN 'pubg' ELSE dualwrite.unmapped('team.game', "game_id"::pg_catalog.text) END)::pg_catalog."varchar" AS c2, ("region")::pg_catalog."varchar" AS c3, ("description")::pg_catalog.text AS c4, ((branding ->> 'logo_url'
))::pg_catalog."varchar" AS c5, ((status = 'ACTIVE'
))::pg_catalog.bool AS c6, ("created_at")::pg_catalog.timestamptz AS c7, ("updated_at")::pg_catalog.timestamptz AS c8 FROM "public"."organizations_team" WHERE "id" = w.i0) s ON true
      JOIN "public"."organizations_teammigrationmap" m ON m."vnext_team_id" = s.i0 
      LEFT JOIN "public"."teams_team" t ON t."id" = m."legacy_team_id"
      ORDER BY w.n, s.present DESC, s.latest DESC NULLS LAST, s.k0 DESC) e
WHERE true
ON CONFLICT ("id") DO UPDATE SET "name" = excluded."name", "slug" = excluded."slug", "game" = excluded."game", "region" = excluded."region", "description" = excluded."description", "logo_url" = excluded."logo_url", "is_active" = excluded."is_active", "updated_at" = excluded."updated_at" WHERE ROW(t."name", t."slug", t."game", t."region", t."description", t."logo_url", t."is_active", t."updated_at")::pg_catalog.record OPERATOR(pg_catalog.*<>) ROW(excluded."name", excluded."slug", excluded."game", excluded."region", excluded."description", excluded."logo_url", excluded."is_active", excluded."updated_at")::pg_catalog.record


-- membership: parent verify (write)
WITH checked AS (
    SELECT w.n, w.i0 AS source_key, s.k0 IS NOT NULL AS found, s.k0 IS NOT NULL AND (s.present OR t."id" IS NOT NULL) AS wanted_row,
           t."id" IS NOT NULL AS shadow, coalesce(t."name" IS NOT DISTINCT FROM (s.c0) AND t."slug" IS NOT DISTINCT FROM (s.c1) AND t."game" IS NOT DISTINCT FROM (s.c2) AND t."region" IS NOT DISTINCT FROM (s.c3) AND t."description" IS NOT DISTINCT FROM (s.c4) AND t."logo_url" IS NOT DISTINCT FROM (s.c5) AND t."is_active" IS NOT DISTINCT FROM (s.c6) AND t."updated_at" IS NOT DISTINCT FROM (s.c8), false) AS equal,
           m."legacy_team_id"::pg_catalog.text AS target_key
    FROM (SELECT d.i0, false AS removal, row_number() OVER () AS n
FROM (SELECT DISTINCT s.p0::pg_catalog.text::pg_catalog.int8 AS i0
      FROM (SELECT u.i0::pg_catalog.int8 AS i0, u.i1::pg_catalog.int8 AS i1, u.removal, u.n FROM unnest($1::pg_catalog.text[], $2::pg_catalog.text[], $3::pg_catalog.bool[]) WITH ORDINALITY AS u(i0, i1, removal, n)) w JOIN LATERAL (SELECT "id" AS k0, "team_id" AS i0, "user_id" AS i1, "team_id" AS p0, coalesce("status"::pg_catalog.text IN ('ACTIVE'), false) AS present, "updated_at" AS latest, ("user_id")::pg_catalog.int8 AS c0, (CASE WHEN "role" IS NULL THEN NULL WHEN "role"::pg_catalog.text = 'OWNER' THEN 'OWNER' WHEN "role"::pg_catalog.text = 'MANAGER' THEN 'MANAGER' WHEN "role"::pg_catalog.text = 'COACH' THEN 'COACH' WHEN "role"::pg_catalog.text = 'PLAYER' THEN 'PLAYER' WHEN "role"::pg_catalog.text = 'SUBSTITUTE' THEN 'SUBSTITUTE' ELSE 'PLAYER' END)::pg_catalog."varchar" AS c1, ("status")::pg_catalog."varchar" AS c2, ("created_at")::pg_catalog.timestamptz AS c3, (NULL)::pg_catalog.timestamptz AS c4 FROM "public"."organizations_teammembership" WHERE "team_id" = w.i0 AND "user_id" = w.i1) s ON true) d
WHERE EXISTS (SELECT FROM "public"."organizations_teammigrationmap" m WHERE m."vnext_team_id" = d.i0 AND m."verified" IS DISTINCT FROM true)
) w
    LEFT JOIN LATERAL (SELECT * FROM (SELECT "id" AS k0, "id" AS i0, true AS present, "id" AS latest, ("name")::pg_catalog."varchar" AS c0, ("slug")::pg_catalog."varchar" AS c1, (CASE WHEN "game_id" IS NULL THEN NULL WHEN "game_id"::pg_catalog.text = '1' THEN 'valorant' WHEN "game_id"::pg_catalog.text = '2' THEN 'csgo' WHEN "game_id"::pg_catalog.text = '3' THEN 'dota2' WHEN "game_id"::pg_catalog.text = '4' THEN 'pubg' ELSE dualwrite.unmapped('team.game', "game_id"::pg_catalog.text) END)::pg_catalog."varchar" AS c2, ("region")::pg_catalog."varchar" AS c3, ("description")::pg_catalog.text AS c4, ((branding ->> 'logo_url'
))::pg_catalog."varchar" AS c5, ((status = 'ACTIVE'
))::pg_catalog.bool AS c6, ("created_at")::pg_catalog.timestamptz AS c7, ("updated_at")::pg_catalog.timestamptz AS c8 FROM "public"."organizations_team" WHERE "id" = w.i0) s
                       ORDER BY s.present DESC, s.latest DESC NULLS LAST, s.k0 DESC LIMIT 1) s ON true
    LEFT JOIN "public"."organizations_teammigrationmap" m ON m."vnext_team_id" = w.i0 
    LEFT JOIN "public"."teams_team" t ON t."id" = m."legacy_team_id"
), marked AS (
    UPDATE "public"."organizations_teammigrationmap" AS noted SET "verified" = c.equal FROM checked c
    WHERE noted."vnext_team_id" = c.source_key AND c.found AND c.shadow AND noted."verified" IS DISTINCT FROM c.equal
)

SELECT n, found, wanted_row, shadow, equal, target_key FROM checked


-- membership: upsert (write)
INSERT INTO "public"."teams_teammembership" AS t ("team_id", "user_id", "role", "status", "joined_at", "left_at") OVERRIDING SYSTEM VALUE
SELECT e.pk, e.c0, e.c1, e.c2, e.c3, e.c4
FROM (SELECT DISTINCT ON (w.n) s.present, t."team_id" IS NOT NULL AS there, p."legacy_team_id" AS pk, s.c0 AS c0, s.c1 AS c1, CASE WHEN s.present THEN s.c2 ELSE 'INACTIVE'::pg_catalog."varchar" END AS c2, s.c3 AS c3, CASE WHEN s.present THEN s.c4 ELSE coalesce(t."left_at", pg_catalog.now()::pg_catalog.timestamptz) END AS c4
      FROM (SELECT u.i0::pg_catalog.int8 AS i0, u.i1::pg_catalog.int8 AS i1, u.removal, u.n FROM unnest($1::pg_catalog.text[], $2::pg_catalog.text[], $3::pg_catalog.bool[]) WITH ORDINALITY AS u(i0, i1, removal, n)) w
      JOIN LATERAL (SELECT "id" AS k0, "team_id" AS i0, "user_id" AS i1, "team_id" AS p0, coalesce("status"::pg_catalog.text IN ('ACTIVE'), false) AS present, "updated_at" AS latest, ("user_id")::pg_catalog.int8 AS c0, (CASE WHEN "role" IS NULL THEN NULL WHEN "role"::pg_catalog.text = 'OWNER' THEN 'OWNER' WHEN "role"::pg_catalog.text = 'MANAGER' THEN 'MANAGER' WHEN "role"::pg_catalog.text = 'COACH' THEN 'COACH' WHEN "role"::pg_catalog.text = 'PLAYER' THEN 'PLAYER' WHEN "role"::pg_catalog.text = 'SUBSTITUTE' THEN 'SUBSTITUTE' ELSE 'PLAYER' END)::pg_catalog."varchar" AS c1, ("status")::pg_catalog."varchar" AS c2, ("created_at")::pg_catalog.timestamptz AS c3, (NULL)::pg_catalog.timestamptz AS c4 FROM "public"."organizations_teammembership" WHERE "team_id" = w.i0 AND "user_id" = w.i1) s ON true
      JOIN "public"."organizations_teammigrationmap" p ON p."vnext_team_id" = s.p0 
      LEFT JOIN "public"."teams_teammembership" t ON t."team_id" = p."legacy_team_id" AND t."user_id" = s.i1::pg_catalog.int8
      ORDER BY w.n, s.present DESC, s.latest DESC NULLS LAST, s.k0 DESC) e
WHERE (e.present OR e.there)
ON CONFLICT ("team_id", "user_id") DO UPDATE SET "role" = excluded."role", "status" = excluded."status", "left_at" = excluded."left_at" WHERE ROW(t."role", t."status", t."left_at")::pg_catalog.record OPERATOR(pg_catalog.*<>) ROW(excluded."role", excluded."status", excluded."left_at")::pg_catalog.record


-- membership: remove (remove)
UPDATE "public"."teams_teammembership" AS t SET "status" = 'INACTIVE'::pg_catalog."varchar", "left_at" = coalesce(t."left_at", pg_catalog.now()::pg_catalog.timestamptz)
FROM (SELECT u.i0::pg_catalog.int8 AS i0, u.i1::pg_catalog.int8 AS i1, u.removal, u.n FROM unnest($1::pg_catalog.text[], $2::pg_catalog.text[], $3::pg_catalog.bool[]) WITH ORDINALITY AS u(i0, i1, removal, n)) w JOIN "public"."organizations_teammigrationmap" p ON p."vnext_team_id" = w.i0 
WHERE t."team_id" = p."legacy_team_id" AND t."user_id" = w.i1::pg_catalog.int8 AND w.removal
  AND NOT EXISTS (SELECT FROM (SELECT "id" AS k0, "team_id" AS i0, "user_id" AS i1, "team_id" AS p0, coalesce("status"::pg_catalog.text IN ('ACTIVE'), false) AS present, "updated_at" AS latest, ("user_id")::pg_catalog.int8 AS c0, (CASE WHEN "role" IS NULL THEN NULL WHEN "role"::pg_catalog.text = 'OWNER' THEN 'OWNER' WHEN "role"::pg_catalog.text = 'MANAGER' THEN 'MANAGER' WHEN "role"::pg_catalog.text = 'COACH' THEN 'COACH' WHEN "role"::pg_catalog.text = 'PLAYER' THEN 'PLAYER' WHEN "role"::pg_catalog.text = 'SUBSTITUTE' THEN 'SUBSTITUTE' ELSE 'PLAYER' END)::pg_catalog."varchar" AS c1, ("status")::pg_catalog."varchar" AS c2, ("created_at")::pg_catalog.timestamptz AS c3, (NULL)::pg_catalog.timestamptz AS c4 FROM "public"."organizations_teammembership" WHERE "team_id" = w.i0 AND "user_id" = w.i1) s)
  AND ROW(t."status", t."left_at")::pg_catalog.record OPERATOR(pg_catalog.*<>) ROW('INACTIVE'::pg_catalog."varchar", coalesce(t."left_at", pg_catalog.now()::pg_catalog.timestamptz))::pg_catalog.record


-- membership: verify (verify)
WITH checked AS (
    SELECT w.n, w.i0 AS source_key, s.k0 IS NOT NULL AS found, s.k0 IS NOT NULL AND (s.present OR t."team_id" IS NOT NULL) AS wanted_row,
           t."team_id" IS NOT NULL AS shadow, coalesce(t."role" IS NOT DISTINCT FROM (s.c1) AND t."status" IS NOT DISTINCT FROM (CASE WHEN s.present THEN s.c2 ELSE 'INACTIVE'::pg_catalog."varchar" END) AND t."left_at" IS NOT DISTINCT FROM (CASE WHEN s.present THEN s.c4 ELSE coalesce(t."left_at", pg_catalog.now()::pg_catalog.timestamptz) END), false) AS equal,
           p."legacy_team_id"::pg_catalog.text AS target_key
    FROM (SELECT u.i0::pg_catalog.int8 AS i0, u.i1::pg_catalog.int8 AS i1, u.removal, u.n FROM unnest($1::pg_catalog.text[], $2::pg_catalog.text[], $3::pg_catalog.bool[]) WITH ORDINALITY AS u(i0, i1, removal, n)) w
    LEFT JOIN LATERAL (SELECT * FROM (SELECT "id" AS k0, "team_id" AS i0, "user_id" AS i1, "team_id" AS p0, coalesce("status"::pg_catalog.text IN ('ACTIVE'), false) AS present, "updated_at" AS latest, ("user_id")::pg_catalog.int8 AS c0, (CASE WHEN "role" IS NULL THEN NULL WHEN "role"::pg_catalog.text = 'OWNER' THEN 'OWNER' WHEN "role"::pg_catalog.text = 'MANAGER' THEN 'MANAGER' WHEN "role"::pg_catalog.text = 'COACH' THEN 'COACH' WHEN "role"::pg_catalog.text = 'PLAYER' THEN 'PLAYER' WHEN "role"::pg_catalog.text = 'SUBSTITUTE' THEN 'SUBSTITUTE' ELSE 'PLAYER' END)::pg_catalog."varchar" AS c1, ("status")::pg_catalog."varchar" AS c2, ("created_at")::pg_catalog.timestamptz AS c3, (NULL)::pg_catalog.timestamptz AS c4 FROM "public"."organizations_teammembership" WHERE "team_id" = w.i0 AND "user_id" = w.i1) s
                       ORDER BY s.present DESC, s.latest DESC NULLS LAST, s.k0 DESC LIMIT 1) s ON true
    LEFT JOIN "public"."organizations_teammigrationmap" p ON p."vnext_team_id" = w.i0 
    LEFT JOIN "public"."teams_teammembership" t ON t."team_id" = p."legacy_team_id" AND t."user_id" = w.i1::pg_catalog.int8
)
SELECT n, found, wanted_row, shadow, equal, target_key FROM checked


-- membership: resync
WITH chunk AS (
    SELECT n."id", ARRAY[n."id"::pg_catalog.text, n."team_id"::pg_catalog.text, n."user_id"::pg_catalog.text] AS ref, n."team_id"::text AS root
    FROM "public"."organizations_teammembership" n
    WHERE $1::text[] IS NULL OR (n."id") > (($1::pg_catalog.text[])[1]::pg_catalog.int8)
    ORDER BY n."id" LIMIT $2::integer
), queued AS (
    INSERT INTO dualwrite.outbox (bucket, entity, operation, ref)
    SELECT coalesce(hashtextextended(c.root, 0) & 1023, 0), 'membership', 'sync_team_member_updated', c.ref FROM chunk c
    RETURNING 1
)
SELECT (SELECT count(*) FROM queued) AS queued,
       (SELECT ARRAY[n."id"::pg_catalog.text] FROM chunk n ORDER BY n."id" DESC LIMIT 1) AS position


