-- report/backlog_estimate.sql: about how many events wait, where they are too many to be counted, and how old the oldest is.
SELECT (SELECT greatest(pg_catalog.pg_stat_get_live_tuples(k.oid), k.reltuples, 0)::pg_catalog.int8
        FROM pg_catalog.pg_class k WHERE k.oid = 'dualwrite.outbox'::pg_catalog.regclass) AS backlog,
       (SELECT pg_catalog.round(extract(epoch FROM pg_catalog.clock_timestamp() - o.captured_at)::pg_catalog.numeric, 3)
        FROM dualwrite.outbox o ORDER BY o.id LIMIT 1) AS oldest
