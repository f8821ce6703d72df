-- report/health.sql: what the sync has done in 24 hours, and what it has not: whole hours, the running one and the 23 before.
SELECT (SELECT pg_catalog.count(*) FROM dualwrite.failed) AS failed,
       (SELECT coalesce(pg_catalog.sum(p.events), 0) FROM dualwrite.processed p
        WHERE p.hour > pg_catalog.clock_timestamp() - interval '24 hours') AS processed
