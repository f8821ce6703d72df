-- reconcile/pace.sql: how the sync keeps up: who works, how old the oldest waiting event is, and about how many wait. $1 the
-- mapping's digest.
SELECT (SELECT pg_catalog.count(*) FROM dualwrite.live_daemon d WHERE d.mapping_digest = $1::pg_catalog.text) AS daemons,
       coalesce(dualwrite.flag_is_on('TEAM_VNEXT_DUAL_WRITE_ENABLED'), false) AS enabled,
       coalesce((extract(epoch FROM pg_catalog.clock_timestamp() - o.captured_at) * 1000)::pg_catalog.int8, 0) AS lag_ms,
       coalesce((SELECT s.last_value FROM dualwrite.outbox_id_seq s) - o.id + 1, 0) AS waiting
FROM (SELECT) one
LEFT JOIN LATERAL (SELECT o.id, o.captured_at FROM dualwrite.outbox o ORDER BY o.id LIMIT 1) o ON true
