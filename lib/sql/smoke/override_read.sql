-- smoke/override_read.sql: the override of dual write that is there, to be put back.
SELECT o.value, o.who, o.at::pg_catalog.text AS at, o.why FROM dualwrite.override o WHERE o.flag = 'TEAM_VNEXT_DUAL_WRITE_ENABLED'
