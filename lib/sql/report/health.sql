-- report/health.sql: what the sync has done in 24 hours, and what it has not.
SELECT (SELECT pg_catalog.count(*) FROM dualwrite.failed) AS failed,
       (SELECT coalesce(pg_catalog.sum(p.events), 0) FROM dualwrite.processed p
        WHERE p.since > pg_catalog.clock_timestamp() - interval '24 hours') AS processed
