-- backup/prologue.sql: template, for psql, before a dump: all of it is one transaction. The locks come first, while there is a time
-- limit: the dump's own text takes limits away.
-- The overrides are read here, for overrides.sql and the epilogue: nobody gives another one before the dump takes their place.
BEGIN;
SET LOCAL lock_timeout = '10s';
SET LOCAL idle_in_transaction_session_timeout = 0;
DO $prologue$
DECLARE
    t record;
BEGIN
    FOR t IN
        SELECT n.nspname, c.relname
        FROM unnest(ARRAY[:{schemas}]::pg_catalog.text[], ARRAY[:{names}]::pg_catalog.text[]) w(schema, name)
        JOIN pg_catalog.pg_namespace n ON n.nspname = w.schema
        JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relname = w.name AND c.relkind IN ('r', 'p')
    LOOP
        EXECUTE pg_catalog.format('LOCK TABLE %I.%I IN ACCESS EXCLUSIVE MODE', t.nspname, t.relname);
    END LOOP;
    IF pg_catalog.to_regclass('dualwrite.override') IS NOT NULL THEN
        LOCK TABLE dualwrite.override IN SHARE ROW EXCLUSIVE MODE;
        PERFORM pg_catalog.set_config('dualwrite.standing', CASE WHEN o.why LIKE 'rollback restore is under way%' THEN o.why
                    ELSE 'rollback restore is under way; before it: '
                         || pg_catalog.json_build_object('value', o.value, 'who', o.who, 'at', o.at, 'why', o.why)::pg_catalog.text END, true)
        FROM dualwrite.override o WHERE o.flag = 'TEAM_VNEXT_DUAL_WRITE_ENABLED';
        PERFORM pg_catalog.set_config('dualwrite.overrides', coalesce(pg_catalog.json_agg(o), '[]')::pg_catalog.text, true)
        FROM dualwrite.override o;
    END IF;
END $prologue$;
