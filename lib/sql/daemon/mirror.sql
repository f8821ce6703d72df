-- mirror.sql: in the legacy database: the flags $1, which are in force in the vNext one, are what the guard obeys. NULL when
-- this database belongs to another installation than $2.
SELECT CASE WHEN dualwrite.setting('installation') = $2 THEN dualwrite.publish_flags($1::pg_catalog.jsonb) END AS changed
