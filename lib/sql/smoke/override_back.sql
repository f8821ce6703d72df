-- smoke/override_back.sql: the override as it was: $1 value, $2 who, $3 when, $4 why.
INSERT INTO dualwrite.override AS o (flag, value, who, at, why)
VALUES ('TEAM_VNEXT_DUAL_WRITE_ENABLED', $1, $2, $3::pg_catalog.timestamptz, $4)
ON CONFLICT (flag) DO UPDATE SET value = excluded.value, who = excluded.who, at = excluded.at, why = excluded.why
