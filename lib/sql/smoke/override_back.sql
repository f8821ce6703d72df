-- smoke/override_back.sql: the override as it was, where ours ($5 why) is there still: $1 value, $2 who, $3 when, $4 why.
UPDATE dualwrite.override o SET value = $1, who = $2, at = $3::pg_catalog.timestamptz, why = $4
WHERE o.flag = 'TEAM_VNEXT_DUAL_WRITE_ENABLED' AND o.why = $5
