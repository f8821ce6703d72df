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
       (SELECT count(*) FROM dualwrite.live_daemon) AS daemons,
       (SELECT count(*) FROM pg_catalog.pg_trigger g JOIN pg_catalog.pg_proc p ON p.oid = g.tgfoid
        JOIN pg_catalog.pg_class c ON c.oid = g.tgrelid
        WHERE NOT g.tgisinternal AND c.relnamespace <> 'dualwrite'::pg_catalog.regnamespace
          AND p.pronamespace = 'dualwrite'::pg_catalog.regnamespace) AS triggers,
       (SELECT ',' || pg_catalog.string_agg(r.entity, ',') || ',' FROM dualwrite.resync r) AS entities
