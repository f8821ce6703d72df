-- check.sql: what legacy does not have as the default mapping says, as (what, rows); no row when all is right. For loads that
-- insert and update; a deleted row, or one whose key was changed, is not looked for.
WITH teams AS (
    SELECT m.legacy_team_id, v.name, v.slug,
           CASE v.game_id WHEN 1 THEN 'valorant' WHEN 2 THEN 'csgo' WHEN 3 THEN 'dota2' WHEN 4 THEN 'pubg' END,
           v.region, v.description, v.branding ->> 'logo_url', v.status = 'ACTIVE', v.created_at, v.updated_at
    FROM organizations_team v LEFT JOIN organizations_teammigrationmap m ON m.vnext_team_id = v.id
), legacy_teams AS (
    SELECT id, name, slug, game, region, description, logo_url, is_active, created_at, updated_at FROM teams_team
), stays AS (
    SELECT DISTINCT ON (team_id, user_id) * FROM organizations_teammembership
    ORDER BY team_id, user_id, status = 'ACTIVE' DESC, updated_at DESC, id DESC
), memberships AS (
    SELECT m.legacy_team_id, v.user_id,
           CASE WHEN v.role IN ('OWNER', 'MANAGER', 'COACH', 'PLAYER', 'SUBSTITUTE') THEN v.role ELSE 'PLAYER' END
    FROM stays v LEFT JOIN organizations_teammigrationmap m ON m.vnext_team_id = v.team_id
    WHERE v.status = 'ACTIVE'
), legacy_memberships AS (
    SELECT team_id, user_id, role FROM teams_teammembership WHERE status = 'ACTIVE' AND left_at IS NULL
), found(what, rows) AS (
    SELECT 'teams not as they should be in legacy', count(*) FROM (TABLE teams EXCEPT ALL TABLE legacy_teams) d
    UNION ALL
    SELECT 'teams in legacy that should not be', count(*) FROM (TABLE legacy_teams EXCEPT ALL TABLE teams) d
    UNION ALL
    SELECT 'memberships not as they should be in legacy', count(*)
    FROM (TABLE memberships EXCEPT ALL TABLE legacy_memberships) d
    UNION ALL
    SELECT 'memberships in legacy that should not be', count(*)
    FROM (TABLE legacy_memberships EXCEPT ALL TABLE memberships) d
    UNION ALL
    SELECT 'legacy memberships that are neither active nor over', count(*)
    FROM teams_teammembership WHERE (status = 'ACTIVE') = (left_at IS NOT NULL)
    UNION ALL
    SELECT 'map rows of no team, or not verified', count(*)
    FROM organizations_teammigrationmap m LEFT JOIN organizations_team v ON v.id = m.vnext_team_id
    WHERE v.id IS NULL OR NOT m.verified
)
SELECT what, rows FROM found WHERE rows > 0
