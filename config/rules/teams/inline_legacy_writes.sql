-- Writes of legacy tables that were not the sync's, as the guard has recorded them.
SELECT pg_catalog.concat(w.operation, ' on ', w.legacy_table, ' by ', w.login_role, ' at ', w.at) AS key
FROM dualwrite.legacy_write w WHERE w.at > pg_catalog.now() - :{period}
