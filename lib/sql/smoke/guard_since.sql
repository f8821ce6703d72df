-- smoke/guard_since.sql: what the guard has recorded since entry $1: writes to legacy tables that no daemon made.
SELECT pg_catalog.count(*) AS statements, pg_catalog.min(w.operation || ' on ' || w.legacy_table || ' by ' || w.login_role) AS first
FROM dualwrite.legacy_write w
WHERE w.id > $1::pg_catalog.int8
