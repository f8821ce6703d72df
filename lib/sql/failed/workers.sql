-- failed/workers.sql: whether anybody will try what was made due.
SELECT coalesce(dualwrite.flag_is_on('TEAM_VNEXT_DUAL_WRITE_ENABLED'), false) AS enabled,
       (SELECT pg_catalog.count(*) FROM dualwrite.live_daemon d
        WHERE d.mapping_digest = dualwrite.setting('mapping_digest')) AS daemons
