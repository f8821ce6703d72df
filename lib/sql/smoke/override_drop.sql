-- smoke/override_drop.sql: there was no override of dual write.
DELETE FROM dualwrite.override o WHERE o.flag = 'TEAM_VNEXT_DUAL_WRITE_ENABLED'
