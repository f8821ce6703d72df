-- explain/waiting.sql: the waiting events of one row, the oldest first: $1 entity, $2 its bucket, $3 where in `ref` its identity
-- stands, $4 the identity. It reads the whole outbox, where the bucket keeps the dearer comparison from all but a few.
SELECT pg_catalog.count(*) OVER () AS total,
       pg_catalog.json_build_object(
           'event_id', o.id::pg_catalog.text, 'operation', o.operation, 'actor', o.actor,
           'age_seconds', pg_catalog.round(extract(epoch FROM pg_catalog.clock_timestamp() - o.captured_at)::pg_catalog.numeric, 3),
           'captured_at', pg_catalog.to_char(o.captured_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')) AS event
FROM dualwrite.outbox o
WHERE o.bucket = $2::pg_catalog.int4 AND o.entity = $1
  AND (SELECT pg_catalog.array_agg(o.ref[p.at] ORDER BY p.n) FROM unnest($3::pg_catalog.int4[]) WITH ORDINALITY p(at, n))
      = $4::pg_catalog.text[]
ORDER BY o.id LIMIT 10
