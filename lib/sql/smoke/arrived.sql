-- smoke/arrived.sql: what has become of the events of transaction $1: how many wait, and the one that failed.
SELECT (SELECT pg_catalog.count(*) FROM dualwrite.outbox o WHERE o.xid = $1::pg_catalog.xid8) AS waiting, f.event_id, f.message,
       f.retry_at IS NULL AS parked
FROM (SELECT) one
LEFT JOIN LATERAL (SELECT x.* FROM dualwrite.failed x WHERE x.xid = $1::pg_catalog.xid8 ORDER BY x.event_id LIMIT 1) f ON true
