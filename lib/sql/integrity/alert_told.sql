-- integrity/alert_told.sql: target $2 was told of pack $1: incident $3, status $4, score $5.
INSERT INTO dualwrite.monitor_alert AS a (pack, target, key, status, score)
VALUES ($1, $2, $3, $4, $5::pg_catalog.int4)
ON CONFLICT (pack, target) DO UPDATE
SET at = pg_catalog.clock_timestamp(), key = excluded.key, status = excluded.status, score = excluded.score
