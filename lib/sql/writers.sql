-- writers.sql: who could write the legacy tables now ($1 schemas, $2 names), superusers and our own role aside.
SELECT pg_catalog.format('%I.%I', n.nspname, c.relname) AS legacy_table,
       pg_catalog.string_agg(r.rolname || CASE WHEN r.oid = c.relowner THEN ' (owner)' ELSE '' END, ', '
                             ORDER BY r.rolname) AS roles
FROM unnest($1::pg_catalog.text[], $2::pg_catalog.text[]) w(schema, name)
JOIN pg_catalog.pg_namespace n ON n.nspname = w.schema
JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relname = w.name
JOIN pg_catalog.pg_roles r ON NOT r.rolsuper AND r.rolname <> 'dualwrite_daemon' AND r.rolname !~ '^pg_'
     AND pg_catalog.has_table_privilege(r.oid, c.oid, 'INSERT, UPDATE, DELETE, TRUNCATE')
GROUP BY 1 ORDER BY 1
