-- reconcile/again.sql: findings in state $1 after id $2 to look at again, at most $3: those of one entity. Of queued ones only
-- those whose event is not waiting any more.
WITH next AS (
    SELECT f.id, f.entity, f.ref, f.removal
    FROM dualwrite.reconcile_finding f
    WHERE f.state = $1 AND f.id > $2::pg_catalog.int8
      AND NOT EXISTS (SELECT FROM dualwrite.outbox o WHERE o.id = f.event_id)
    ORDER BY f.id LIMIT $3::pg_catalog.int4
)
SELECT n.id, n.entity, pg_catalog.array_to_json(n.ref) AS ref, n.removal
FROM next n
WHERE n.id < coalesce((SELECT pg_catalog.min(x.id) FROM next x
                       WHERE x.entity <> (SELECT y.entity FROM next y ORDER BY y.id LIMIT 1)), 9223372036854775807)
ORDER BY n.id
