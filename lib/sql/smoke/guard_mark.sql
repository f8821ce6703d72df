-- smoke/guard_mark.sql: how far the guard's record goes, and whether there is a guard.
SELECT coalesce(pg_catalog.max(w.id), 0) AS last, coalesce(dualwrite.setting('guard'), 'off') AS guard
FROM dualwrite.legacy_write w
