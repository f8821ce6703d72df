-- upsert_teams.sql: what the default mapping makes of the teams $1 (bigint[]): legacy rows and map rows, in one statement.
-- For every peer that writes SQL itself, so that they differ in how they queue and batch and not in what they write.
-- One caller at a time: two could both find a team without a map row.
WITH wanted AS MATERIALIZED (
    SELECT v.*, m.legacy_team_id IS NULL AS is_new, coalesce(m.legacy_team_id, nextval('teams_team_id_seq')) AS legacy_id
    FROM organizations_team v LEFT JOIN organizations_teammigrationmap m ON m.vnext_team_id = v.id
    WHERE v.id = ANY ($1::bigint[])
), mapped AS (
    INSERT INTO organizations_teammigrationmap
        (legacy_team_id, vnext_team_id, legacy_slug, migration_date, verified, created_at, updated_at)
    SELECT legacy_id, id, slug, now(), true, now(), now() FROM wanted WHERE is_new
)
INSERT INTO teams_team (id, name, slug, game, region, description, logo_url, is_active, created_at, updated_at)
SELECT legacy_id, name, slug, CASE game_id WHEN 1 THEN 'valorant' WHEN 2 THEN 'csgo' WHEN 3 THEN 'dota2' WHEN 4 THEN 'pubg' END,
       region, description, branding ->> 'logo_url', status = 'ACTIVE', created_at, updated_at
FROM wanted
ON CONFLICT (id) DO UPDATE
    SET name = excluded.name, slug = excluded.slug, game = excluded.game, region = excluded.region,
        description = excluded.description, logo_url = excluded.logo_url, is_active = excluded.is_active,
        updated_at = excluded.updated_at
