-- floor.sql: every vNext row into legacy at once, server-side and in one transaction: what draining is held against. First what
-- is there and differs, then what is missing, parents before children; on an empty legacy side the first costs nothing. No
-- queue, no keys asked for, no client: less than any consumer can do. (INSERT ... ON CONFLICT of everything was slower.)
UPDATE teams_team l
SET name = v.name, slug = v.slug, game = v.game, region = v.region, description = v.description, logo_url = v.logo_url,
    is_active = v.is_active, updated_at = v.updated_at
FROM organizations_teammigrationmap m
JOIN (SELECT id, name, slug, region, description, branding ->> 'logo_url' AS logo_url, status = 'ACTIVE' AS is_active, updated_at,
             CASE game_id WHEN 1 THEN 'valorant' WHEN 2 THEN 'csgo' WHEN 3 THEN 'dota2' WHEN 4 THEN 'pubg' END AS game
      FROM organizations_team) v ON v.id = m.vnext_team_id
WHERE l.id = m.legacy_team_id
  AND (l.name, l.slug, l.game, l.region, l.description, l.logo_url, l.is_active, l.updated_at)
      IS DISTINCT FROM (v.name, v.slug, v.game, v.region, v.description, v.logo_url, v.is_active, v.updated_at);
UPDATE teams_teammembership l SET role = v.role, status = v.status, left_at = NULL
FROM organizations_teammigrationmap m
JOIN (SELECT team_id, user_id, status,
             CASE WHEN role IN ('OWNER', 'MANAGER', 'COACH', 'PLAYER', 'SUBSTITUTE') THEN role ELSE 'PLAYER' END AS role
      FROM organizations_teammembership) v ON v.team_id = m.vnext_team_id
WHERE v.status = 'ACTIVE' AND l.team_id = m.legacy_team_id AND l.user_id = v.user_id
  AND (l.role, l.status, l.left_at) IS DISTINCT FROM (v.role, v.status, NULL);
UPDATE teams_teammembership l SET status = 'INACTIVE', left_at = now()
FROM organizations_teammembership v JOIN organizations_teammigrationmap m ON m.vnext_team_id = v.team_id
WHERE v.status <> 'ACTIVE' AND l.team_id = m.legacy_team_id AND l.user_id = v.user_id AND l.status <> 'INACTIVE'
  AND NOT EXISTS (SELECT FROM organizations_teammembership o
                  WHERE o.team_id = v.team_id AND o.user_id = v.user_id AND o.status = 'ACTIVE');
INSERT INTO organizations_teammigrationmap
    (legacy_team_id, vnext_team_id, legacy_slug, migration_date, verified, created_at, updated_at)
SELECT nextval('teams_team_id_seq'), v.id, v.slug, now(), true, now(), now()
FROM organizations_team v
WHERE NOT EXISTS (SELECT FROM organizations_teammigrationmap m WHERE m.vnext_team_id = v.id);
INSERT INTO teams_team (id, name, slug, game, region, description, logo_url, is_active, created_at, updated_at)
SELECT m.legacy_team_id, v.name, v.slug,
       CASE v.game_id WHEN 1 THEN 'valorant' WHEN 2 THEN 'csgo' WHEN 3 THEN 'dota2' WHEN 4 THEN 'pubg' END,
       v.region, v.description, v.branding ->> 'logo_url', v.status = 'ACTIVE', v.created_at, v.updated_at
FROM organizations_team v JOIN organizations_teammigrationmap m ON m.vnext_team_id = v.id
WHERE NOT EXISTS (SELECT FROM teams_team l WHERE l.id = m.legacy_team_id);
INSERT INTO teams_teammembership (team_id, user_id, role, status, joined_at)
SELECT m.legacy_team_id, v.user_id,
       CASE WHEN v.role IN ('OWNER', 'MANAGER', 'COACH', 'PLAYER', 'SUBSTITUTE') THEN v.role ELSE 'PLAYER' END,
       v.status, v.created_at
FROM organizations_teammembership v JOIN organizations_teammigrationmap m ON m.vnext_team_id = v.team_id
LEFT JOIN teams_teammembership l ON l.team_id = m.legacy_team_id AND l.user_id = v.user_id
WHERE v.status = 'ACTIVE' AND l.id IS NULL
