-- report/writes.sql: statements that wrote legacy tables past the daemons in 24 hours, and whether they are recorded at all.
SELECT (SELECT pg_catalog.count(*) FROM dualwrite.legacy_write w
        WHERE w.at > pg_catalog.statement_timestamp() - interval '24 hours') AS writes,
       coalesce(dualwrite.setting('guard'), 'off') AS guard
