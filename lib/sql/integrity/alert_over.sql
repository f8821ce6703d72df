-- integrity/alert_over.sql: target $2 was told that pack $1 is healthy again.
DELETE FROM dualwrite.monitor_alert a WHERE a.pack = $1 AND a.target = $2
