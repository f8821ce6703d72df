-- explain/named.sql: what the events of a vNext row that is gone say about it: $1 entity, $2 the key's columns. The newest
-- event's ref; failed events first, because there are few.
SELECT pg_catalog.array_to_json(e.ref) AS ref
FROM (SELECT f.ref, f.event_id AS id FROM dualwrite.failed f
      WHERE f.entity = $1 AND f.ref[1:pg_catalog.cardinality($2::pg_catalog.text[])] = $2::pg_catalog.text[]
      UNION ALL
      SELECT o.ref, o.id FROM dualwrite.outbox o
      WHERE o.entity = $1 AND o.ref[1:pg_catalog.cardinality($2::pg_catalog.text[])] = $2::pg_catalog.text[]) e
ORDER BY e.id DESC LIMIT 1
