-- backup/prologue.sql: template, for psql, before a dump: all of it is one transaction. The locks come first, while there is a time
-- limit: the dump's own text takes limits away.
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
END $prologue$;
