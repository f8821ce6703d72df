-- load_memberships.sql: memberships first to last, four to a team, in one statement; every fiftieth has been left.
INSERT INTO organizations_teammembership (team_id, user_id, role, status)
SELECT (n - 1) / :members::int + 1, n, (ARRAY['OWNER', 'MANAGER', 'PLAYER', 'WATERBOY'])[n % 4 + 1],
       CASE n % 50 WHEN 0 THEN 'LEFT' ELSE 'ACTIVE' END
FROM generate_series(:first::int, :last::int) n
