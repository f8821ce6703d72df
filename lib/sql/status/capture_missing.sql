-- status/capture_missing.sql: which changes of mapped vNext tables nobody captures, as a JSON array of "ENTITY STATEMENT": the
-- trigger is missing, or switched off. For `status` and the daemon. Each function's triggers are looked up by pg_depend, so it
-- reads no more where the database has thousands of others; the condition on pg_trigger leaves what is no trigger out, without
-- an index for the planner to go astray by. Whether one hangs on the right table, `check` knows: it has the mapping. Uses only
-- what version 3 of the schema has.
SELECT coalesce(pg_catalog.json_agg(r.entity || ' ' || k.statement ORDER BY r.entity, k.place), '[]') AS capture_missing
FROM dualwrite.resync r
CROSS JOIN (VALUES (1, 'INSERT'), (2, 'UPDATE'), (3, 'DELETE'), (4, 'TRUNCATE')) k(place, statement)
WHERE NOT coalesce((
    SELECT pg_catalog.bool_or(t.tgenabled IN ('O', 'A'))
    FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_trigger t ON t.oid = d.objid AND t.tgfoid = d.refobjid
    WHERE d.refclassid = 'pg_catalog.pg_proc'::pg_catalog.regclass
      AND d.refobjid = pg_catalog.to_regprocedure('dualwrite.capture_' || r.entity || '_' || pg_catalog.lower(k.statement) || '()')),
    false)
