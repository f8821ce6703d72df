-- smoke/override_set.sql: turns dual write on or off while the cost of it is measured. $1 the value, $2 why.
INSERT INTO dualwrite.override AS o (flag, value, why) VALUES ('TEAM_VNEXT_DUAL_WRITE_ENABLED', $1, $2)
ON CONFLICT (flag) DO UPDATE SET value = excluded.value, who = session_user, at = pg_catalog.now(), why = excluded.why
