-- failed/retry.sql: template. Makes the failed events that are meant due. Those that somebody has locked are left alone: a
-- daemon is about to write down what became of them. Parameters: failed/matching.sql, and $9 how many at most.
WITH chosen AS MATERIALIZED (
    SELECT f.event_id FROM dualwrite.failed f
    WHERE :{matching}
    ORDER BY f.event_id LIMIT $9::pg_catalog.int8 FOR UPDATE SKIP LOCKED
), due AS (
    UPDATE dualwrite.failed f SET retry_at = pg_catalog.clock_timestamp()
    FROM chosen c WHERE f.event_id = c.event_id
    RETURNING f.event_id, f.attempts, f.entity, coalesce(f.identity, f.ref) AS subject
), counted AS (
    SELECT least(pg_catalog.count(*), $9::pg_catalog.int8) AS matched FROM dualwrite.failed f
    WHERE :{matching}
)
SELECT c.matched, pg_catalog.count(d.event_id) AS due,
       coalesce(pg_catalog.array_agg(d.event_id ORDER BY d.event_id) FILTER (WHERE d.event_id IS NOT NULL), '{}') AS ids,
       coalesce(pg_catalog.array_agg(d.attempts ORDER BY d.event_id) FILTER (WHERE d.event_id IS NOT NULL), '{}') AS attempts,
       coalesce(pg_catalog.array_agg(d.entity ORDER BY d.event_id) FILTER (WHERE d.event_id IS NOT NULL), '{}') AS entities,
       coalesce(pg_catalog.array_agg(d.subject::pg_catalog.text ORDER BY d.event_id) FILTER (WHERE d.event_id IS NOT NULL),
                '{}') AS subjects
FROM counted c LEFT JOIN due d ON true
GROUP BY c.matched
