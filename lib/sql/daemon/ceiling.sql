-- ceiling.sql: moves the outbox's ceiling along: $1 ids above the oldest one that waits. It never goes back, so nothing below the
-- last one is looked at, where there may be many deleted rows that cannot be vacuumed.
SELECT pg_catalog.setval('dualwrite.outbox_ceiling', w.ceiling)
FROM dualwrite.outbox_ceiling c,
     LATERAL (SELECT coalesce((SELECT pg_catalog.min(o.id) FROM dualwrite.outbox o
                               WHERE o.id >= c.last_value - $1::pg_catalog.int8),
                              (SELECT s.last_value FROM dualwrite.outbox_id_seq s)) + $1::pg_catalog.int8 AS ceiling) w
WHERE pg_catalog.abs(w.ceiling - c.last_value) > $1::pg_catalog.int8 / 100
