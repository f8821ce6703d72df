-- constraints/state_function.sql: the functions $2 in schema $1, whatever they take.
SELECT EXISTS (SELECT FROM pg_catalog.pg_namespace n WHERE n.nspname = $1) AS there,
       pg_catalog.count(p.oid) > 0 AS has,
       CASE WHEN pg_catalog.count(p.oid) = 1 THEN pg_catalog.min(pg_catalog.obj_description(p.oid, 'pg_proc')) END AS comment,
       true AS valid
FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
WHERE n.nspname = $1 AND p.proname = $2
