-- revoke.sql: takes back what install granted to dualwrite_daemon in this database, outside the dualwrite schema.
-- (DROP OWNED would do it in one word, but only for whoever may act as the role.)
SET LOCAL client_min_messages = error; -- one warning per object helps nobody
DO $$
DECLARE
    g record;
BEGIN
    FOR g IN
        SELECT pg_catalog.format('REVOKE ALL ON %s %I.%I FROM dualwrite_daemon',
                                 CASE c.relkind WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END, n.nspname, c.relname) AS sql
        FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname <> 'dualwrite' AND EXISTS (
            SELECT FROM pg_catalog.aclexplode(c.relacl) a JOIN pg_catalog.pg_roles r ON r.oid = a.grantee
            WHERE r.rolname = 'dualwrite_daemon')
        UNION ALL
        SELECT pg_catalog.format('REVOKE ALL ON SCHEMA %I FROM dualwrite_daemon', n.nspname)
        FROM pg_catalog.pg_namespace n
        WHERE n.nspname <> 'dualwrite' AND EXISTS (
            SELECT FROM pg_catalog.aclexplode(n.nspacl) a JOIN pg_catalog.pg_roles r ON r.oid = a.grantee
            WHERE r.rolname = 'dualwrite_daemon')
    LOOP
        EXECUTE g.sql;
    END LOOP;
END $$;
SET LOCAL client_min_messages = notice;
