-- cleanup/noted.sql: the run that was cut off, if there is one.
SELECT c.id, c.entity, c.column_name, c.pattern, c.roots::pg_catalog.text AS roots, c.legacy_rows, c.who,
       pg_catalog.to_char(c.started_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS started_at
FROM dualwrite.cleanup c WHERE c.ended_at IS NULL ORDER BY c.id LIMIT 1
