-- update_all.sql: one statement over all teams.
UPDATE organizations_team SET description = 'written ' || random(), updated_at = clock_timestamp()
