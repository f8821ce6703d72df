-- reconcile/load.sql: how far the run has got.
SELECT r.entity, r.mapping_digest, r.pass, r.position::pg_catalog.text AS position, r.vnext_rows, r.vnext_seen, r.legacy_rows,
       r.legacy_seen, r.unmapped, r.started_at::pg_catalog.text AS started_at,
       pg_catalog.floor(extract(epoch FROM pg_catalog.clock_timestamp() - r.moved_at))::pg_catalog.int8 AS idle_s
FROM dualwrite.reconcile r ORDER BY r.place
