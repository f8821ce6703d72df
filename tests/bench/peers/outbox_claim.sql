-- outbox_claim.sql: takes the oldest $1 events that nobody else has; the keys of each entity as one array, and how many events.
WITH claimed AS (
    DELETE FROM outbox.event e
    WHERE e.ctid = ANY (ARRAY(SELECT o.ctid FROM outbox.event o ORDER BY o.id LIMIT $1::integer FOR UPDATE SKIP LOCKED))
    RETURNING e.entity, e.key
)
SELECT array_agg(key) FILTER (WHERE entity = 'team'), array_agg(key) FILTER (WHERE entity = 'membership'), count(*)
FROM claimed
