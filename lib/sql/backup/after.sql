-- backup/after.sql: what of ours is there after a restore: of the tables $1 (schemas), $2 (names) those that have no trigger of
-- ours; how many daemons live.
SELECT pg_catalog.to_regclass('dualwrite.override') IS NOT NULL AS installed,
       (SELECT pg_catalog.count(*) FROM unnest($1::pg_catalog.text[], $2::pg_catalog.text[]) w(schema, name)
        WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_trigger g
                          JOIN pg_catalog.pg_class c ON c.oid = g.tgrelid
                          JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
                          WHERE n.nspname = w.schema AND c.relname = w.name AND g.tgname LIKE '%dualwrite%')) AS unhung
