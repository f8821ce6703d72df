-- catalog.sql: what the database says about the mapped tables, as one JSON document (read by catalog_parse()).
-- $1 schemas, $2 names. `sequence` is every sequence behind a column of the table, ready for a GRANT.
SELECT pg_catalog.json_build_object(
    'role', current_user,
    'tables', coalesce((
        SELECT pg_catalog.json_agg(pg_catalog.json_build_object(
            'schema', w.schema, 'name', w.name,
            'exists', c.oid IS NOT NULL,
            'plain', coalesce(c.relkind IN ('r', 'p'), false),
            'children', coalesce(c.relkind = 'p', false)
                        OR EXISTS (SELECT FROM pg_catalog.pg_inherits h WHERE h.inhparent = c.oid),
            'owner', pg_catalog.pg_get_userbyid(c.relowner),
            'owned', coalesce(pg_catalog.pg_has_role(c.relowner, 'USAGE'), false),
            'select', coalesce(u.usage AND pg_catalog.has_table_privilege(c.oid, 'SELECT'), false),
            'insert', coalesce(u.usage AND pg_catalog.has_table_privilege(c.oid, 'INSERT'), false),
            'update', coalesce(u.usage AND pg_catalog.has_table_privilege(c.oid, 'UPDATE'), false),
            'delete', coalesce(u.usage AND pg_catalog.has_table_privilege(c.oid, 'DELETE'), false),
            'trigger', coalesce(u.usage AND pg_catalog.has_table_privilege(c.oid, 'TRIGGER'), false),
            'sequence', q.name,
            'sequence_usable', coalesce(q.usable, true),
            'row_security', coalesce(pg_catalog.row_security_active(c.oid), false),
            'columns', coalesce((
                SELECT pg_catalog.json_agg(pg_catalog.json_build_object(
                    'name', a.attname,
                    'type', pg_catalog.format('%I.%I', tn.nspname, b.typname),
                    'base', CASE WHEN i.typtype = 'e' THEN 'enum' WHEN n2.nspname = 'pg_catalog' THEN i.typname
                            ELSE pg_catalog.format('%I.%I', n2.nspname, i.typname) END
                            || CASE WHEN b.typcategory = 'A' THEN '[]' ELSE '' END,
                    'shown_type', pg_catalog.format_type(a.atttypid, a.atttypmod),
                    'exact_type', pg_catalog.format_type(b.oid, b.modifier),
                    'labels', CASE WHEN i.typtype = 'e' THEN (
                        SELECT pg_catalog.json_agg(l.enumlabel ORDER BY l.enumsortorder)
                        FROM pg_catalog.pg_enum l WHERE l.enumtypid = i.oid) END,
                    'default', CASE
                        WHEN a.attidentity <> '' THEN pg_catalog.format('pg_catalog.nextval(%L::pg_catalog.regclass)',
                            pg_catalog.pg_get_serial_sequence(pg_catalog.format('%I.%I', w.schema, w.name), a.attname))
                        WHEN a.attgenerated = '' THEN
                            coalesce(pg_catalog.pg_get_expr(d.adbin, d.adrelid),
                                     pg_catalog.pg_get_expr(t.typdefaultbin, 0)) END, -- a domain's own
                    'length', CASE WHEN b.oid IN ('varchar'::pg_catalog.regtype, 'bpchar'::pg_catalog.regtype)
                        THEN greatest(b.modifier, 4) - 4 ELSE 0 END,
                    'loose', NOT coalesce((SELECT o.collisdeterministic FROM pg_catalog.pg_collation o
                                           WHERE o.oid = a.attcollation), true),
                    'unlisted', b.typcategory = 'A' OR i.typdelim <> ',' OR t.typarray = 0,
                    'not_null', a.attnotnull OR t.typnotnull,
                    'generated', a.attgenerated <> '',
                    'equality', tn.nspname = 'pg_catalog' AND (b.typtype IN ('r', 'm') OR EXISTS (
                        SELECT FROM pg_catalog.pg_opclass o JOIN pg_catalog.pg_am m ON m.oid = o.opcmethod
                        WHERE o.opcdefault AND m.amname IN ('btree', 'hash') AND (o.opcintype = b.item OR EXISTS (
                            SELECT FROM pg_catalog.pg_cast k
                            WHERE k.castsource = b.item AND k.casttarget = o.opcintype AND k.castmethod = 'b'
                              AND k.castcontext = 'i'))))
                    ) ORDER BY a.attnum)
                FROM pg_catalog.pg_attribute a
                JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
                CROSS JOIN LATERAL ( -- what a domain stands for; `item` is an array's element
                    WITH RECURSIVE base AS (
                        SELECT t.oid, t.typname, t.typnamespace, t.typtype, t.typbasetype, t.typcategory, t.typelem,
                               CASE t.typtype WHEN 'd' THEN t.typtypmod ELSE a.atttypmod END AS modifier
                        UNION ALL
                        SELECT u.oid, u.typname, u.typnamespace, u.typtype, u.typbasetype, u.typcategory, u.typelem,
                               CASE u.typtype WHEN 'd' THEN u.typtypmod ELSE d.modifier END
                        FROM base d JOIN pg_catalog.pg_type u ON u.oid = d.typbasetype WHERE d.typbasetype <> 0)
                    SELECT d.*, CASE WHEN d.typcategory = 'A' THEN d.typelem ELSE d.oid END AS item
                    FROM base d WHERE d.typbasetype = 0) b
                JOIN pg_catalog.pg_namespace tn ON tn.oid = b.typnamespace
                JOIN pg_catalog.pg_type i ON i.oid = b.item
                JOIN pg_catalog.pg_namespace n2 ON n2.oid = i.typnamespace
                LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
                WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped), '[]'),
            'uniques', coalesce((
                SELECT pg_catalog.json_agg(pg_catalog.json_build_object(
                    'name', (SELECT x.relname FROM pg_catalog.pg_class x WHERE x.oid = i.indexrelid),
                    'whole', i.indpred IS NULL AND i.indexprs IS NULL AND i.indisvalid,
                    'predicate', pg_catalog.pg_get_expr(i.indpred, i.indrelid),
                    'expressions', pg_catalog.pg_get_expr(i.indexprs, i.indrelid),
                    'keys', (SELECT pg_catalog.json_agg(pg_catalog.pg_get_indexdef(i.indexrelid, k::integer, false) ORDER BY k)
                             FROM pg_catalog.generate_series(1, i.indnkeyatts) k),
                    'equals', (SELECT pg_catalog.json_agg(pg_catalog.format('OPERATOR(%I.%s)', on_.nspname, o.oprname)
                                                          ORDER BY k.ord)
                               FROM pg_catalog.unnest(i.indclass::pg_catalog.oid[]) WITH ORDINALITY k(opclass, ord)
                               JOIN pg_catalog.pg_opclass oc ON oc.oid = k.opclass
                               JOIN pg_catalog.pg_amop ao ON ao.amopfamily = oc.opcfamily AND ao.amopstrategy = 3
                                    AND ao.amoplefttype = oc.opcintype AND ao.amoprighttype = oc.opcintype
                               JOIN pg_catalog.pg_operator o ON o.oid = ao.amopopr
                               JOIN pg_catalog.pg_namespace on_ ON on_.oid = o.oprnamespace
                               WHERE k.ord <= i.indnkeyatts),
                    'columns', (SELECT pg_catalog.json_agg(a.attname ORDER BY k.ord)
                                FROM pg_catalog.unnest(i.indkey::pg_catalog.int2[]) WITH ORDINALITY k(attnum, ord)
                                JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.attnum
                                WHERE k.ord <= i.indnkeyatts),
                    'usable', i.indpred IS NULL AND i.indexprs IS NULL AND i.indimmediate AND i.indisvalid)
                    ORDER BY i.indexrelid)
                FROM pg_catalog.pg_index i
                WHERE i.indrelid = c.oid AND i.indisunique AND i.indislive), '[]'),
            'foreigns', coalesce((
                SELECT pg_catalog.json_agg(pg_catalog.json_build_object(
                    'name', f.conname, 'schema', fn.nspname, 'table', fc.relname,
                    'columns', (SELECT pg_catalog.json_agg(a.attname ORDER BY k.ord)
                                FROM pg_catalog.unnest(f.conkey) WITH ORDINALITY k(attnum, ord)
                                JOIN pg_catalog.pg_attribute a ON a.attrelid = f.conrelid AND a.attnum = k.attnum),
                    'referenced', (SELECT pg_catalog.json_agg(a.attname ORDER BY k.ord)
                                   FROM pg_catalog.unnest(f.confkey) WITH ORDINALITY k(attnum, ord)
                                   JOIN pg_catalog.pg_attribute a ON a.attrelid = f.confrelid AND a.attnum = k.attnum))
                    ORDER BY f.conname)
                FROM pg_catalog.pg_constraint f
                JOIN pg_catalog.pg_class fc ON fc.oid = f.confrelid
                JOIN pg_catalog.pg_namespace fn ON fn.oid = fc.relnamespace
                WHERE f.conrelid = c.oid AND f.contype = 'f'), '[]')
            ) ORDER BY w.ord)
        FROM unnest($1::pg_catalog.text[], $2::pg_catalog.text[])
             WITH ORDINALITY w(schema, name, ord)
        LEFT JOIN pg_catalog.pg_namespace n ON n.nspname = w.schema
        LEFT JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relname = w.name
                                       AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
        LEFT JOIN LATERAL (SELECT pg_catalog.has_schema_privilege(n.oid, 'USAGE') AS usage) u ON n.oid IS NOT NULL
        LEFT JOIN LATERAL (
            SELECT pg_catalog.string_agg(pg_catalog.format('%I.%I', sn.nspname, s.relname), ', '
                                         ORDER BY sn.nspname, s.relname) AS name,
                   pg_catalog.bool_and(pg_catalog.has_sequence_privilege(s.oid, 'USAGE')) AS usable
            FROM pg_catalog.pg_class s
            JOIN pg_catalog.pg_namespace sn ON sn.oid = s.relnamespace
            WHERE s.relkind = 'S' AND s.oid IN (
                SELECT dep.objid FROM pg_catalog.pg_depend dep
                WHERE dep.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND dep.refobjid = c.oid
                  AND dep.refobjsubid > 0 AND dep.deptype IN ('a', 'i')
                  AND dep.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
                UNION
                SELECT dep.refobjid FROM pg_catalog.pg_attrdef d
                JOIN pg_catalog.pg_depend dep ON dep.objid = d.oid
                     AND dep.classid = 'pg_catalog.pg_attrdef'::pg_catalog.regclass
                     AND dep.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
                WHERE d.adrelid = c.oid)) q ON true), '[]')
)::pg_catalog.text
