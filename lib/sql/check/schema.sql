-- check/schema.sql: is the schema there, is it ours, and may this role use it? By the catalog alone, which anybody may read.
SELECT CASE WHEN c.oid IS NOT NULL THEN 'ours' WHEN n.oid IS NOT NULL THEN 'foreign' ELSE 'nothing' END AS state,
       coalesce((SELECT pg_catalog.pg_has_role(current_user, r.oid, 'MEMBER') FROM pg_catalog.pg_roles r
                 WHERE r.rolname = 'dualwrite_daemon'), false) AS member,
       coalesce(pg_catalog.has_schema_privilege(n.oid, 'USAGE'), false) AS usage,
       current_user AS role
FROM (SELECT) one
LEFT JOIN pg_catalog.pg_namespace n ON n.nspname = 'dualwrite'
LEFT JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relname = 'setting' AND c.relkind = 'r'
