-- integrity/queue.sql: queues what `reconcile` has confirmed of entity $1 and class $2 as ordinary events, as reconcile/queue.sql
-- does: updates and removals ($3, $4 their operations). $5 says which part of ref the bucket is made of, $6 is the actor of
-- removals.
WITH next AS MATERIALIZED (
    SELECT f.id, f.ref, f.removal,
           coalesce(pg_catalog.hashtextextended(f.ref[$5::pg_catalog.int4], 0) & 1023, 0)::pg_catalog.int2 AS bucket
    FROM dualwrite.reconcile_finding f
    WHERE f.entity = $1 AND f.class = $2 AND f.state = 'confirmed' AND f.mendable
    ORDER BY f.id
), queued AS (
    INSERT INTO dualwrite.outbox (bucket, entity, operation, ref, actor)
    SELECT n.bucket, $1, CASE WHEN n.removal THEN $4 ELSE $3 END, n.ref, CASE WHEN n.removal THEN $6 END FROM next n
    RETURNING id, ref
), noted AS (
    UPDATE dualwrite.reconcile_finding f SET state = 'queued', event_id = q.id
    FROM next n JOIN queued q ON q.ref = n.ref WHERE f.id = n.id
    RETURNING 1
)
SELECT (SELECT pg_catalog.count(*) FROM noted) AS queued,
       (SELECT coalesce(pg_catalog.json_agg(DISTINCT n.bucket), '[]') FROM next n) AS buckets
