-- integrity/alert_last.sql: what target $2 was told last of pack $1; no row: nothing that it does not know to be over.
SELECT a.status, a.score, extract(epoch FROM pg_catalog.clock_timestamp() - a.at) AS age, a.key
FROM dualwrite.monitor_alert a WHERE a.pack = $1 AND a.target = $2
