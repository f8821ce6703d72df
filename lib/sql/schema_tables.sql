-- schema_tables.sql: what a schema holds, for proposing a mapping, as one JSON document (read by schema_facts_parse()).
-- $1 schema. Tables by name, their primary keys, and the values that a column is known to take: an enum's labels, or the
-- list of a CHECK (column IN (...)). A CHECK of any other form says nothing here.
SELECT pg_catalog.json_build_object(
    'exists', EXISTS (SELECT FROM pg_catalog.pg_namespace n WHERE n.nspname = $1),
    'tables', coalesce((
        SELECT pg_catalog.json_agg(pg_catalog.json_build_object(
            'name', c.relname,
            'primary', coalesce((
                SELECT pg_catalog.json_agg(a.attname ORDER BY k.ord)
                FROM pg_catalog.pg_index i
                CROSS JOIN pg_catalog.unnest(i.indkey::pg_catalog.int2[]) WITH ORDINALITY k(attnum, ord)
                JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.attnum
                WHERE i.indrelid = c.oid AND i.indisprimary AND k.ord <= i.indnkeyatts), '[]')
            ) ORDER BY c.relname)
        FROM pg_catalog.pg_class c
        JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = $1 AND c.relkind IN ('r', 'p') AND NOT c.relispartition), '[]'),
    'labels', coalesce((
        SELECT pg_catalog.json_agg(pg_catalog.json_build_object('table', l.relname, 'column', l.attname, 'values', l.list)
                                   ORDER BY l.relname, l.attnum)
        FROM (
            SELECT c.relname, a.attname, a.attnum,
                   (SELECT pg_catalog.json_agg(e.enumlabel ORDER BY e.enumsortorder)
                    FROM pg_catalog.pg_enum e WHERE e.enumtypid = a.atttypid) AS list
            FROM pg_catalog.pg_attribute a
            JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
            JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
            JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
            WHERE n.nspname = $1 AND c.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped AND t.typtype = 'e'
            UNION ALL
            SELECT c.relname, a.attname, a.attnum,
                   (SELECT pg_catalog.json_agg(pg_catalog.replace(m.found[1], '''''', '''') ORDER BY m.ord)
                    FROM pg_catalog.regexp_matches(d.def, '''((?:[^'']|'''')*)''', 'g')
                         WITH ORDINALITY m(found, ord))
            FROM pg_catalog.pg_constraint k
            JOIN pg_catalog.pg_class c ON c.oid = k.conrelid
            JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
            JOIN pg_catalog.pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = k.conkey[1]
            CROSS JOIN LATERAL pg_catalog.pg_get_constraintdef(k.oid) d(def)
            WHERE n.nspname = $1 AND k.contype = 'c' AND pg_catalog.array_length(k.conkey, 1) = 1
              AND d.def ~ '^CHECK \(+[^=<>]* = ANY \(+ARRAY\[[^]]*\][^=<>]*$' AND d.def !~ '\mNOT \('
        ) l WHERE l.list IS NOT NULL), '[]')
)::pg_catalog.text
