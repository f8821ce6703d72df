-- integrity/retry.sql: makes every parked event due, but those that a daemon has locked: it is about to write down what became of
-- them.
WITH chosen AS MATERIALIZED (
    SELECT f.event_id FROM dualwrite.failed f WHERE f.retry_at IS NULL ORDER BY f.event_id FOR UPDATE SKIP LOCKED
), due AS (
    UPDATE dualwrite.failed f SET retry_at = pg_catalog.clock_timestamp()
    FROM chosen c WHERE f.event_id = c.event_id
    RETURNING 1
)
SELECT pg_catalog.count(*) AS due FROM due
