-- smoke/state.sql: may a change arrive at all? One JSON document.
SELECT pg_catalog.json_build_object(
    'enabled', coalesce((SELECT e.value = 'true' FROM dualwrite.effective_flag e WHERE e.flag = 'TEAM_VNEXT_DUAL_WRITE_ENABLED'), false),
    'source', (SELECT e.source FROM dualwrite.effective_flag e WHERE e.flag = 'TEAM_VNEXT_DUAL_WRITE_ENABLED'),
    'override_why', (SELECT e.override_why FROM dualwrite.effective_flag e WHERE e.flag = 'TEAM_VNEXT_DUAL_WRITE_ENABLED'),
    'daemons', (SELECT pg_catalog.count(*) FROM dualwrite.live_daemon d),
    'installed', (SELECT pg_catalog.count(*) FROM dualwrite.live_daemon d
                  WHERE d.mapping_digest = dualwrite.setting('mapping_digest')),
    'waiting', (SELECT pg_catalog.count(*) FROM (SELECT FROM dualwrite.outbox LIMIT 10000) o),
    'guard', dualwrite.setting('guard')) AS state
