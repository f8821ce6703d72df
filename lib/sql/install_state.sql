-- install_state.sql: what is installed here. Run only where dualwrite.setting exists.
SELECT (SELECT s.value FROM dualwrite.setting s WHERE s.key = 'schema_version') AS schema_version,
       (SELECT s.value FROM dualwrite.setting s WHERE s.key = 'hang_digest') AS hang_digest,
       (SELECT s.value FROM dualwrite.setting s WHERE s.key = 'partitions') AS partitions,
       (SELECT s.value FROM dualwrite.setting s WHERE s.key = 'guard') AS guard,
       (SELECT s.value FROM dualwrite.setting s WHERE s.key = 'ref_layout') AS ref_layout,
       (SELECT s.value FROM dualwrite.setting s WHERE s.key = 'side') AS side,
       (SELECT s.value FROM dualwrite.setting s WHERE s.key = 'installation') AS installation,
       (SELECT s.value FROM dualwrite.setting s WHERE s.key = 'legacy_database') AS legacy_database,
       (SELECT count(*) FROM dualwrite.outbox) + (SELECT count(*) FROM dualwrite.failed) AS waiting,
       (SELECT count(*) FROM dualwrite.live_daemon) AS daemons
