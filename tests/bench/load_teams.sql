-- load_teams.sql: teams first to last, in one statement; every tenth is disbanded.
INSERT INTO organizations_team (name, slug, game_id, region, status, branding)
SELECT 'Team ' || n, 'team-' || n, n % 4 + 1, 'EU', CASE n % 10 WHEN 0 THEN 'DISBANDED' ELSE 'ACTIVE' END,
       jsonb_build_object('logo_url', 'https://example.net/' || n)
FROM generate_series(:first::int, :last::int) n
