-- upsert_memberships.sql: what the default mapping makes of the memberships $1 (bigint[]). Gives back the keys of those whose
-- team has no legacy row yet: none, where teams are written first.
-- Of several stays of one member the active one speaks, else the latest.
WITH wanted AS MATERIALIZED (
    SELECT DISTINCT ON (v.team_id, v.user_id) v.*, m.legacy_team_id
    FROM organizations_teammembership v LEFT JOIN organizations_teammigrationmap m ON m.vnext_team_id = v.team_id
    WHERE v.id = ANY ($1::bigint[])
    ORDER BY v.team_id, v.user_id, v.status = 'ACTIVE' DESC, v.updated_at DESC, v.id DESC
), gone AS (
    UPDATE teams_teammembership l SET status = 'INACTIVE', left_at = now()
    FROM wanted w
    WHERE w.status <> 'ACTIVE' AND l.team_id = w.legacy_team_id AND l.user_id = w.user_id AND l.status <> 'INACTIVE'
      AND NOT EXISTS (SELECT FROM organizations_teammembership v
                      WHERE v.team_id = w.team_id AND v.user_id = w.user_id AND v.status = 'ACTIVE')
), here AS (
    INSERT INTO teams_teammembership (team_id, user_id, role, status, joined_at, left_at)
    SELECT legacy_team_id, user_id,
           CASE WHEN role IN ('OWNER', 'MANAGER', 'COACH', 'PLAYER', 'SUBSTITUTE') THEN role ELSE 'PLAYER' END,
           status, created_at, NULL
    FROM wanted WHERE status = 'ACTIVE' AND legacy_team_id IS NOT NULL
    ON CONFLICT (team_id, user_id) DO UPDATE SET role = excluded.role, status = excluded.status, left_at = NULL
)
SELECT id FROM wanted WHERE legacy_team_id IS NULL
