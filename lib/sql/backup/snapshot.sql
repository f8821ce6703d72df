-- backup/snapshot.sql: the snapshot by its name, and what the manifest says of the database.
SELECT pg_catalog.pg_export_snapshot() AS snapshot, pg_catalog.current_database() AS dbname,
       pg_catalog.current_setting('server_version') AS server_version,
       (CASE WHEN pg_catalog.pg_is_in_recovery() THEN pg_catalog.pg_last_wal_replay_lsn()
             ELSE pg_catalog.pg_current_wal_lsn() END)::pg_catalog.text AS lsn,
       pg_catalog.to_char(pg_catalog.now() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS made_at,
       (SELECT coalesce(pg_catalog.sum(pg_catalog.pg_table_size(c.oid)), 0)::pg_catalog.int8 FROM pg_catalog.pg_class c
        WHERE c.relkind IN ('r', 'm') AND c.relnamespace <> 'pg_catalog'::pg_catalog.regnamespace) AS bytes,
       pg_catalog.to_regclass('dualwrite.setting') IS NOT NULL AS installed
