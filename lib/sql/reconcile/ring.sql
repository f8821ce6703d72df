-- reconcile/ring.sql: wakes the daemons of these buckets ($2 JSON) that sleep; after the events are inserted, as capture does. $1
-- the channel.
SELECT pg_catalog.count(pg_catalog.pg_notify($1, p.partition::pg_catalog.text)) AS rung
FROM (SELECT DISTINCT b.bucket::pg_catalog.int4 * dualwrite.setting('partitions')::pg_catalog.int4 / 1024 AS partition
      FROM pg_catalog.json_array_elements_text($2::pg_catalog.json) AS b(bucket)) p
WHERE dualwrite.asleep(p.partition)
