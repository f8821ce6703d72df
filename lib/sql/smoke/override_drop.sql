-- smoke/override_drop.sql: there was no override of dual write. $1 what ours says why.
DELETE FROM dualwrite.override o WHERE o.flag = 'TEAM_VNEXT_DUAL_WRITE_ENABLED' AND o.why = $1
