-- floor.sql: every vNext row into legacy at once, server-side: what draining is held against. It takes an empty legacy side
-- as well as a full one. No queue, no keys asked for, no client: less than any consumer can do.
WITH wanted AS MATERIALIZED (
    SELECT v.*, m.legacy_team_id IS NULL AS is_new, coalesce(m.legacy_team_id, nextval('teams_team_id_seq')) AS legacy_id
    FROM organizations_team v LEFT JOIN organizations_teammigrationmap m ON m.vnext_team_id = v.id
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
        updated_at = excluded.updated_at;
INSERT INTO teams_teammembership (team_id, user_id, role, status, joined_at, left_at)
SELECT m.legacy_team_id, v.user_id,
       CASE WHEN v.role IN ('OWNER', 'MANAGER', 'COACH', 'PLAYER', 'SUBSTITUTE') THEN v.role ELSE 'PLAYER' END,
       v.status, v.created_at, NULL
FROM organizations_teammembership v JOIN organizations_teammigrationmap m ON m.vnext_team_id = v.team_id
WHERE v.status = 'ACTIVE'
ON CONFLICT (team_id, user_id) DO UPDATE SET role = excluded.role, status = excluded.status, left_at = NULL;
UPDATE teams_teammembership l SET status = 'INACTIVE', left_at = now()
FROM organizations_teammembership v JOIN organizations_teammigrationmap m ON m.vnext_team_id = v.team_id
WHERE v.status <> 'ACTIVE' AND l.team_id = m.legacy_team_id AND l.user_id = v.user_id AND l.status <> 'INACTIVE'
  AND NOT EXISTS (SELECT FROM organizations_teammembership o
                  WHERE o.team_id = v.team_id AND o.user_id = v.user_id AND o.status = 'ACTIVE');
