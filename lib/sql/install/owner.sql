-- install/owner.sql: what is here, and whose it is, for install and uninstall: they run what the schema's owner could
-- have put there, with their own role's rights.
SELECT CASE WHEN n.oid IS NULL THEN 'nothing' WHEN s.relkind = 'r' THEN 'ours' ELSE 'foreign' END AS state,
       coalesce(pg_catalog.pg_get_userbyid(n.nspowner), '') AS owner,
       coalesce(n.nspowner = s.relowner AND (n.nspowner = me.oid
                OR (NOT me.rolsuper AND pg_catalog.pg_has_role(me.oid, n.nspowner, 'USAGE'))
                OR (me.rolsuper AND o.rolsuper)), false) AS trusted
FROM pg_catalog.pg_roles me
LEFT JOIN pg_catalog.pg_namespace n ON n.nspname = 'dualwrite'
LEFT JOIN pg_catalog.pg_class s ON s.relnamespace = n.oid AND s.relname = 'setting'
LEFT JOIN pg_catalog.pg_roles o ON o.oid = n.nspowner
WHERE me.rolname = current_user
