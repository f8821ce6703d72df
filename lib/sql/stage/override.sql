-- stage/override.sql: sets an override. $1 flag, $2 value, $3 why.
INSERT INTO dualwrite.override AS o (flag, value, why) VALUES ($1, $2, $3)
ON CONFLICT (flag) DO UPDATE SET value = excluded.value, who = session_user, at = pg_catalog.clock_timestamp(), why = excluded.why
