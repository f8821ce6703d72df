-- stage/flags.sql: dual write and strict mode in force, and how many daemons live.
SELECT dualwrite.flag_is_on('TEAM_VNEXT_DUAL_WRITE_ENABLED')::pg_catalog.text,
       dualwrite.flag_is_on('TEAM_VNEXT_DUAL_WRITE_STRICT_MODE')::pg_catalog.text,
       (SELECT pg_catalog.count(*) FROM dualwrite.live_daemon)::pg_catalog.text
