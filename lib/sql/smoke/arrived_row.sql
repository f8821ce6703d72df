-- smoke/arrived_row.sql: what has become of the events of the row of entity $1 whose key begins with $2; as arrived.sql.
SELECT (SELECT pg_catalog.count(*) FROM dualwrite.outbox o WHERE o.entity = $1 AND o.ref[1] = $2) AS waiting, f.event_id, f.message,
       f.retry_at IS NULL AS parked
FROM (SELECT) one
LEFT JOIN LATERAL (SELECT x.* FROM dualwrite.failed x WHERE x.entity = $1 AND x.ref[1] = $2 ORDER BY x.event_id LIMIT 1) f ON true
