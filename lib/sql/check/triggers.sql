-- check/triggers.sql: our triggers on these tables, and which events they fire on: 4 INSERT, 8 DELETE, 16 UPDATE, 32 TRUNCATE
-- (pg_trigger.h). $1 schemas, $2 names.
SELECT w.schema, w.name, p.proname AS function, t.tgname AS trigger, t.tgenabled AS enabled, t.tgtype::pg_catalog.int4 & 60 AS events
FROM unnest($1::pg_catalog.text[], $2::pg_catalog.text[]) w(schema, name)
JOIN pg_catalog.pg_namespace n ON n.nspname = w.schema
JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relname = w.name
JOIN pg_catalog.pg_trigger t ON t.tgrelid = c.oid AND NOT t.tgisinternal
JOIN pg_catalog.pg_proc p ON p.oid = t.tgfoid
JOIN pg_catalog.pg_namespace pn ON pn.oid = p.pronamespace AND pn.nspname = 'dualwrite'
ORDER BY w.schema, w.name, t.tgname
