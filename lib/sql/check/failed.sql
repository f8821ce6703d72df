-- check/failed.sql: the answer of failing.sql.
SELECT a ->> 'failed' AS failed, a ->> 'key' AS key, a ->> 'error' AS error
FROM (SELECT pg_catalog.current_setting('dualwrite.check_answer')::pg_catalog.json AS a) x
