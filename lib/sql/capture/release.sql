-- capture/release.sql: takes every trigger of ours off every table, whichever mapping hung it there.
DO $$
DECLARE
    t record;
BEGIN
    FOR t IN
        SELECT g.tgname, n.nspname, c.relname
        FROM pg_catalog.pg_trigger g
        JOIN pg_catalog.pg_class c ON c.oid = g.tgrelid
        JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        JOIN pg_catalog.pg_proc p ON p.oid = g.tgfoid
        WHERE NOT g.tgisinternal AND p.pronamespace = 'dualwrite'::pg_catalog.regnamespace AND n.nspname <> 'dualwrite'
    LOOP
        EXECUTE pg_catalog.format('DROP TRIGGER %I ON %I.%I', t.tgname, t.nspname, t.relname);
    END LOOP;
END $$;
DO $$
DECLARE
    f record;
BEGIN
    FOR f IN
        SELECT p.oid::pg_catalog.regprocedure AS name FROM pg_catalog.pg_proc p
        WHERE p.pronamespace = 'dualwrite'::pg_catalog.regnamespace AND p.proname LIKE 'capture\_%'
    LOOP
        EXECUTE pg_catalog.format('DROP FUNCTION %s', f.name);
    END LOOP;
END $$;
