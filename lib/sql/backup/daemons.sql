-- backup/daemons.sql: how many daemons run, and whether they sync.
SELECT (SELECT pg_catalog.count(*) FROM dualwrite.live_daemon) AS daemons,
       coalesce(dualwrite.flag_is_on('TEAM_VNEXT_DUAL_WRITE_ENABLED'), false) AS enabled
