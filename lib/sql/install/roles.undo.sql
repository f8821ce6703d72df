-- roles.undo.sql: drops the role only when nothing uses it any more: no member, no right in another database.
DO $$
DECLARE
    members text;
BEGIN
    SELECT pg_catalog.string_agg(m.member::pg_catalog.regrole::text, ', ') INTO members
    FROM pg_catalog.pg_auth_members m
    JOIN pg_catalog.pg_roles r ON r.oid = m.roleid
    JOIN pg_catalog.pg_roles who ON who.oid = m.member
    WHERE r.rolname = 'dualwrite_daemon' AND NOT (m.admin_option AND who.rolname = session_user);
    IF members IS NOT NULL THEN
        RAISE NOTICE 'role dualwrite_daemon is kept: it is granted to %', members;
        RETURN;
    END IF;
    DROP ROLE IF EXISTS dualwrite_daemon;
EXCEPTION
    WHEN dependent_objects_still_exist THEN
        RAISE NOTICE 'role dualwrite_daemon is kept: another database uses it';
    WHEN insufficient_privilege THEN
        RAISE NOTICE 'role dualwrite_daemon is kept: % may not drop roles', session_user;
END $$;
