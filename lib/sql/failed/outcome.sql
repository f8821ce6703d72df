-- failed/outcome.sql: what became of events that were made due: $1 ids, $2 the attempts they had then, $3 entities, $4 the
-- rows they are about. Those that still wait are left out. One that is gone was done, unless a newer failed event of the
-- same row took its place.
WITH asked AS MATERIALIZED (
    SELECT u.id, u.attempts, u.entity, u.subject::pg_catalog.text[] AS subject
    FROM unnest($1::pg_catalog.int8[], $2::pg_catalog.int4[], $3::pg_catalog.text[], $4::pg_catalog.text[])
         AS u(id, attempts, entity, subject)
), newest AS MATERIALIZED (
    SELECT f.entity, coalesce(f.identity, f.ref) AS subject, pg_catalog.max(f.event_id) AS id, pg_catalog.max(f.message) AS message
    FROM dualwrite.failed f GROUP BY 1, 2
)
SELECT a.id, f.event_id IS NULL AND n.id IS NULL AS succeeded, coalesce(f.message, n.message) AS message
FROM asked a
LEFT JOIN dualwrite.failed f ON f.event_id = a.id
LEFT JOIN newest n ON f.event_id IS NULL AND n.entity = a.entity AND n.subject = a.subject AND n.id > a.id
WHERE f.event_id IS NULL OR f.attempts > a.attempts
ORDER BY a.id
