-- install_hung.sql: how many triggers of ours are there and on, on the tables $1 (schemas), $2 (names). Those that hang elsewhere, at
-- a table that had one of the names before, say, do not count.
SELECT pg_catalog.count(*)
FROM pg_catalog.pg_trigger g
JOIN pg_catalog.pg_proc p ON p.oid = g.tgfoid
JOIN pg_catalog.pg_class c ON c.oid = g.tgrelid
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE NOT g.tgisinternal AND g.tgenabled IN ('O', 'A') AND p.pronamespace = 'dualwrite'::pg_catalog.regnamespace
  AND EXISTS (SELECT FROM unnest($1::pg_catalog.text[], $2::pg_catalog.text[]) w(schema, name)
              WHERE w.schema = n.nspname AND w.name = c.relname)
