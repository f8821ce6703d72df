-- apply/resync.sql: template. Queues the next $2 source rows after key $1 (NULL: from the start) in key order, as
-- updates; returns how many and the last key.
WITH chunk AS (
    SELECT :{key_names}, ARRAY[:{ref}] AS ref, n.:{root}::text AS root
    FROM :{source} n
    WHERE $1::text[] IS NULL OR (:{key_columns}) > (:{position})
    ORDER BY :{key_columns} LIMIT $2::integer
), queued AS (
    INSERT INTO dualwrite.outbox (bucket, entity, operation, ref)
    SELECT coalesce(hashtextextended(c.root, 0) & 1023, 0), :{entity}, :{operation_update}, c.ref FROM chunk c
    RETURNING 1
)
SELECT (SELECT count(*) FROM queued) AS queued,
       (SELECT ARRAY[:{key_text}] FROM chunk c ORDER BY :{key_descending} LIMIT 1) AS position
