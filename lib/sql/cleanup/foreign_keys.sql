-- cleanup/foreign_keys.sql: the foreign keys that refer to the tables $1 (schemas), $2 (names). Of a partitioned table only its
-- own, not those of its partitions.
SELECT c.conname AS name, n.nspname AS schema, r.relname AS "table", fn.nspname AS referenced_schema, f.relname AS referenced,
       (SELECT pg_catalog.json_agg(a.attname ORDER BY k.n) FROM unnest(c.conkey) WITH ORDINALITY k(attnum, n)
        JOIN pg_catalog.pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = k.attnum) AS columns,
       (SELECT pg_catalog.json_agg(a.attname ORDER BY k.n) FROM unnest(c.confkey) WITH ORDINALITY k(attnum, n)
        JOIN pg_catalog.pg_attribute a ON a.attrelid = c.confrelid AND a.attnum = k.attnum) AS referenced_columns
FROM pg_catalog.pg_constraint c
JOIN pg_catalog.pg_class r ON r.oid = c.conrelid
JOIN pg_catalog.pg_namespace n ON n.oid = r.relnamespace
JOIN pg_catalog.pg_class f ON f.oid = c.confrelid
JOIN pg_catalog.pg_namespace fn ON fn.oid = f.relnamespace
JOIN unnest($1::pg_catalog.text[], $2::pg_catalog.text[]) w(schema, name) ON w.schema = fn.nspname AND w.name = f.relname
WHERE c.contype = 'f' AND c.conparentid = 0
ORDER BY 2, 3, 1
