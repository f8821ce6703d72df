-- status/capture_missing.sql: which changes of mapped vNext tables nobody captures, as a JSON array of "ENTITY STATEMENT": the
-- trigger is missing, switched off, or at another table (which had the name before). For `status`, `install` and the daemon. $1
-- entities, $2 schemas and $3 names of their tables; of an entity that is not among them any table will do. Each function's triggers
-- are looked up by pg_depend, so it reads no more where the database has thousands of others; the condition on pg_trigger leaves
-- what is no trigger out, without an index for the planner to go astray by. Uses only what version 1 of the schema has.
SELECT coalesce(pg_catalog.json_agg(r.entity || ' ' || k.statement ORDER BY r.entity, k.place), '[]') AS capture_missing
FROM dualwrite.resync r
CROSS JOIN (VALUES (1, 'INSERT'), (2, 'UPDATE'), (3, 'DELETE'), (4, 'TRUNCATE')) k(place, statement)
LEFT JOIN unnest($1::pg_catalog.text[], $2::pg_catalog.text[], $3::pg_catalog.text[]) w(entity, schema, name) ON w.entity = r.entity
WHERE NOT coalesce((
    SELECT pg_catalog.bool_or(t.tgenabled IN ('O', 'A'))
    FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_trigger t ON t.oid = d.objid AND t.tgfoid = d.refobjid
    WHERE d.refclassid = 'pg_catalog.pg_proc'::pg_catalog.regclass
      AND d.refobjid = pg_catalog.to_regprocedure('dualwrite.capture_' || r.entity || '_' || pg_catalog.lower(k.statement) || '()')
      AND (w.entity IS NULL OR EXISTS (
          SELECT FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
          WHERE c.oid = t.tgrelid AND c.relname = w.name AND n.nspname = w.schema))),
    false)
