-- backup/stand_back.sql: no daemon begins any work.
INSERT INTO dualwrite.override (flag, value, why)
VALUES ('TEAM_VNEXT_DUAL_WRITE_ENABLED', 'false', 'rollback restore is under way')
ON CONFLICT (flag) DO UPDATE SET value = excluded.value, who = session_user, at = pg_catalog.now(), why = excluded.why
