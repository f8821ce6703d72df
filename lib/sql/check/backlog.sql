-- check/backlog.sql: what waits, and who works.
SELECT (SELECT pg_catalog.count(*) FROM dualwrite.outbox) AS waiting,
       (SELECT pg_catalog.floor(extract(epoch FROM pg_catalog.clock_timestamp() - pg_catalog.min(o.captured_at)))
        FROM dualwrite.outbox o) AS oldest_s,
       (SELECT pg_catalog.count(*) FROM dualwrite.failed f WHERE f.retry_at IS NOT NULL) AS retrying,
       (SELECT pg_catalog.count(*) FROM dualwrite.failed f WHERE f.retry_at IS NULL) AS parked,
       (SELECT pg_catalog.count(*) FROM dualwrite.resync r
        WHERE coalesce(pg_catalog.pg_sequence_last_value(('dualwrite.resync_' || r.entity)::pg_catalog.regclass), 0)
              > r.handled) AS resyncs,
       (SELECT pg_catalog.count(*) FROM dualwrite.live_daemon) AS daemons,
       (SELECT pg_catalog.count(*) FROM dualwrite.live_daemon d
        WHERE d.mapping_digest IS DISTINCT FROM dualwrite.setting('mapping_digest')) AS others,
       coalesce(dualwrite.flag_is_on('TEAM_VNEXT_DUAL_WRITE_ENABLED'), false) AS enabled
