-- check/server.sql: what is to be known of a server before anything is written. Ages in seconds.
SELECT pg_catalog.current_setting('server_version_num') AS version_num,
       pg_catalog.current_setting('server_version') AS version,
       pg_catalog.current_database() AS database,
       (SELECT i.system_identifier FROM pg_catalog.pg_control_system() i) || '/' || (
           SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database()) AS identity,
       current_user AS role,
       pg_catalog.current_setting('server_encoding') AS encoding,
       pg_catalog.pg_is_in_recovery() AS standby,
       pg_catalog.current_setting('max_prepared_transactions') AS prepared,
       pg_catalog.current_setting('session_replication_role') AS replication_role,
       (SELECT pg_catalog.string_agg(DISTINCT CASE WHEN s.setrole = 0 THEN 'every role'
                                              ELSE 'role ' || pg_catalog.pg_get_userbyid(s.setrole) END
                                     || ' (' || c || ')', ', ')
        FROM pg_catalog.pg_db_role_setting s CROSS JOIN pg_catalog.unnest(s.setconfig) c
        WHERE c LIKE 'session\_replication\_role=%' AND c <> 'session_replication_role=origin'
          AND (s.setdatabase = 0 OR s.setdatabase = (SELECT d.oid FROM pg_catalog.pg_database d
                                                     WHERE d.datname = pg_catalog.current_database()))) AS replicating,
       pg_catalog.current_setting('archive_mode') <> 'off' AS archiving,
       pg_catalog.floor(extract(epoch FROM pg_catalog.clock_timestamp() - a.last_archived_time)) AS archived_age,
       coalesce(a.last_failed_time > a.last_archived_time, a.last_failed_time IS NOT NULL) AS archive_failing,
       (SELECT pg_catalog.count(*) FROM pg_catalog.pg_stat_progress_basebackup) AS backups_running,
       pg_catalog.floor(1000 * pg_catalog.pg_notification_queue_usage()) AS queue_permille,
       (SELECT pg_catalog.string_agg(pg_catalog.format('pid %s (%s, database %s)', h.pid, h.application_name, h.datname), ', '
                                     ORDER BY h.xact_start)
        FROM (SELECT o.* FROM pg_catalog.pg_stat_activity o WHERE o.xact_start < pg_catalog.now()
              ORDER BY o.xact_start LIMIT 3) h) AS queue_holders
FROM pg_catalog.pg_stat_archiver a
