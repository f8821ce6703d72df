-- smoke/override_set.sql: turns dual write on or off while the cost of it is measured. $1 the value, $2 why; $3 to $6 the override
-- that was there before, which it may replace. Anybody else's word came since, and stays: then no row is written.
INSERT INTO dualwrite.override AS o (flag, value, why) VALUES ('TEAM_VNEXT_DUAL_WRITE_ENABLED', $1, $2)
ON CONFLICT (flag) DO UPDATE SET value = excluded.value, who = session_user, at = pg_catalog.now(), why = excluded.why
WHERE o.why = excluded.why
   OR ROW(o.value, o.who, o.at, o.why) IS NOT DISTINCT FROM ROW($3::pg_catalog.text, $4::pg_catalog.text, $5::pg_catalog.timestamptz,
                                                                $6::pg_catalog.text)
