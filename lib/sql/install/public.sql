-- install/public.sql: what everybody may do in the schema, and nothing else: wait for the sync of his own transaction. Everybody may
-- look into it, so what the owner gives away of all that he makes (ALTER DEFAULT PRIVILEGES) is taken back: who may write the
-- override or the flags could lift the guard.
DO $$
DECLARE
    g record;
BEGIN
    FOR g IN
        SELECT DISTINCT pg_catalog.quote_ident(r.rolname) AS role
        FROM pg_catalog.pg_default_acl d
        JOIN pg_catalog.pg_namespace n ON n.nspname = 'dualwrite' AND n.nspowner = d.defaclrole
        CROSS JOIN LATERAL pg_catalog.aclexplode(d.defaclacl) a
        JOIN pg_catalog.pg_roles r ON r.oid = a.grantee
        WHERE d.defaclnamespace = 0 AND a.grantee <> d.defaclrole AND r.rolname <> 'dualwrite_daemon'
    LOOP
        EXECUTE 'REVOKE ALL ON ALL TABLES IN SCHEMA dualwrite FROM ' || g.role;
        EXECUTE 'REVOKE ALL ON ALL SEQUENCES IN SCHEMA dualwrite FROM ' || g.role;
        EXECUTE 'REVOKE ALL ON ALL ROUTINES IN SCHEMA dualwrite FROM ' || g.role;
    END LOOP;
    IF EXISTS (SELECT FROM pg_catalog.pg_default_acl d
               JOIN pg_catalog.pg_namespace n ON n.nspname = 'dualwrite' AND n.nspowner = d.defaclrole
               CROSS JOIN LATERAL pg_catalog.aclexplode(d.defaclacl) a
               WHERE d.defaclnamespace = 0 AND a.grantee = 0 AND d.defaclobjtype IN ('r', 'S')) THEN
        REVOKE ALL ON ALL TABLES IN SCHEMA dualwrite FROM PUBLIC;
        REVOKE ALL ON ALL SEQUENCES IN SCHEMA dualwrite FROM PUBLIC;
    END IF;
END $$;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA dualwrite FROM PUBLIC;
REVOKE ALL ON ALL PROCEDURES IN SCHEMA dualwrite FROM PUBLIC;
GRANT USAGE ON SCHEMA dualwrite TO PUBLIC;
GRANT EXECUTE ON FUNCTION dualwrite.await_sync(pg_catalog.xid8, pg_catalog.int4),
    dualwrite.sync_pause_ms(pg_catalog.xid8, pg_catalog.int4, pg_catalog.timestamptz) TO PUBLIC;
GRANT EXECUTE ON PROCEDURE dualwrite.await_synced(pg_catalog.xid8, pg_catalog.int4) TO PUBLIC;
