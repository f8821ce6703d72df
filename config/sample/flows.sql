-- The five flows of the staging runbook, as the vNext application would write them: each in a transaction of its own.
-- A line "-- flow: ..." begins a flow and says it in plain words. dualwrite.actor_id names the acting user in the log.

-- flow: user 456 creates team 'Staging Test Team Alpha' (valorant, NA)
BEGIN;
SET LOCAL dualwrite.actor_id = '456';
INSERT INTO organizations_team (name, slug, game_id, region, branding)
VALUES ('Staging Test Team Alpha', 'staging-test-team-alpha', 1, 'NA',
        '{"logo_url": "https://cdn.example.com/test.png", "primary_color": "#FF0000"}');
COMMIT;

-- flow: user 456 adds user 101 to the team as PLAYER
BEGIN;
SET LOCAL dualwrite.actor_id = '456';
INSERT INTO organizations_teammembership (team_id, user_id, role)
SELECT id, 101, 'PLAYER' FROM organizations_team WHERE slug = 'staging-test-team-alpha';
COMMIT;

-- flow: the member's role becomes SUBSTITUTE
BEGIN;
UPDATE organizations_teammembership SET role = 'SUBSTITUTE', updated_at = now()
WHERE user_id = 101 AND team_id = (SELECT id FROM organizations_team WHERE slug = 'staging-test-team-alpha');
COMMIT;

-- flow: user 456 changes the team's settings (region EU, description, logo)
BEGIN;
SET LOCAL dualwrite.actor_id = '456';
UPDATE organizations_team
SET region = 'EU', description = 'Updated via dual-write test',
    branding = branding || '{"logo_url": "https://cdn.example.com/updated.png"}', updated_at = now()
WHERE slug = 'staging-test-team-alpha';
COMMIT;

-- flow: the member is removed: the membership becomes INACTIVE
BEGIN;
UPDATE organizations_teammembership SET status = 'INACTIVE', updated_at = now()
WHERE user_id = 101 AND team_id = (SELECT id FROM organizations_team WHERE slug = 'staging-test-team-alpha');
COMMIT;
