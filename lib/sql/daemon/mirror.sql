-- mirror.sql: in the legacy database: the flags $1, which are in force in the vNext one, are what the guard obeys.
SELECT dualwrite.publish_flags($1::pg_catalog.jsonb) AS changed
