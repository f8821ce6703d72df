-- status/legacy.sql: what the legacy side has: direct writes that were recorded in the last 24 hours, and how many
-- partitions its fence knows; of one database the record alone counts.
SELECT pg_catalog.json_build_object(
    'fence_partitions', (SELECT pg_catalog.count(*) FROM dualwrite.fence),
    'legacy_writes_24h', (SELECT pg_catalog.json_build_object(
            'statements', pg_catalog.count(*), 'rows', coalesce(pg_catalog.sum(w.row_count), 0),
            'roles', coalesce(pg_catalog.json_agg(DISTINCT w.login_role), '[]'),
            'tables', coalesce(pg_catalog.json_agg(DISTINCT w.legacy_table), '[]'))
        FROM dualwrite.legacy_write w WHERE w.at > pg_catalog.statement_timestamp() - interval '24 hours')) AS answer
