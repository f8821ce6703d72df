-- integrity/key_type.sql: the type of column $3 of table $1.$2, as a cast takes it: a key that was kept as text is looked up by an
-- index of the table's only as that. `has_heirs`: rows of tables that inherit from it are among its rows, with columns of their own.
SELECT pg_catalog.format('%I.%I', n.nspname, y.typname) AS type,
       EXISTS (SELECT FROM pg_catalog.pg_inherits i JOIN pg_catalog.pg_class c ON c.oid = i.inhparent
               WHERE i.inhparent = a.attrelid AND c.relkind = 'r') AS has_heirs
FROM pg_catalog.pg_attribute a
JOIN pg_catalog.pg_type y ON y.oid = a.atttypid
JOIN pg_catalog.pg_namespace n ON n.oid = y.typnamespace
WHERE a.attrelid = pg_catalog.to_regclass(pg_catalog.format('%I.%I', $1::pg_catalog.text, $2::pg_catalog.text))
  AND a.attname = $3 AND a.attnum > 0 AND NOT a.attisdropped
