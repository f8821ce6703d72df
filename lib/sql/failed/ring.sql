-- failed/ring.sql: every daemon looks at once for what is due; delivered with the COMMIT.
SELECT pg_catalog.pg_notify('dualwrite_control', '')
