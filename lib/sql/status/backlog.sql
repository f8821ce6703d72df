-- status/backlog.sql: the events that wait, counted, by partition. It reads the whole outbox, dead rows too: the caller
-- gives it little time, and does with an estimate where that is not enough.
SELECT pg_catalog.json_build_object(
    'backlog', coalesce(pg_catalog.sum(w.events), 0),
    'oldest_event_age_seconds', pg_catalog.round(extract(epoch FROM pg_catalog.clock_timestamp() - pg_catalog.min(w.oldest))
                                                 ::pg_catalog.numeric, 3),
    'waiting', coalesce(pg_catalog.json_object_agg(w.p, w.events) FILTER (WHERE w.p IS NOT NULL), '{}')) AS answer
FROM (SELECT b.bucket * (SELECT dualwrite.setting('partitions')::pg_catalog.int4) / 1024 AS p,
             pg_catalog.sum(b.events) AS events, pg_catalog.min(b.oldest) AS oldest
      FROM (SELECT o.bucket, pg_catalog.count(*) AS events, pg_catalog.min(o.captured_at) AS oldest
            FROM dualwrite.outbox o GROUP BY o.bucket) b
      GROUP BY 1) w
