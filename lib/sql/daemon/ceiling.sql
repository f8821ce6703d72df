-- ceiling.sql: moves the outbox's ceiling along: $1 ids above the oldest one that waits.
SELECT pg_catalog.setval('dualwrite.outbox_ceiling', w.ceiling)
FROM (SELECT coalesce((SELECT pg_catalog.min(o.id) FROM dualwrite.outbox o),
                      (SELECT s.last_value FROM dualwrite.outbox_id_seq s)) + $1::pg_catalog.int8 AS ceiling) w
WHERE pg_catalog.abs(w.ceiling - (SELECT c.last_value FROM dualwrite.outbox_ceiling c)) > $1::pg_catalog.int8 / 100
