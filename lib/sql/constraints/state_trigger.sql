-- constraints/state_trigger.sql: what there is of trigger $3 on table $1.$2; one that is switched off guards nothing.
WITH t AS (
    SELECT c.oid FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = $1 AND c.relname = $2
)
SELECT EXISTS (SELECT FROM t) AS there,
       EXISTS (SELECT FROM pg_catalog.pg_trigger g JOIN t ON t.oid = g.tgrelid WHERE g.tgname = $3) AS has,
       (SELECT pg_catalog.obj_description(g.oid, 'pg_trigger') FROM pg_catalog.pg_trigger g JOIN t ON t.oid = g.tgrelid
        WHERE g.tgname = $3) AS comment,
       coalesce((SELECT g.tgenabled IN ('O', 'A') FROM pg_catalog.pg_trigger g JOIN t ON t.oid = g.tgrelid
                 WHERE g.tgname = $3), false) AS valid
