-- check/sequences.sql: the sequences that give columns of these tables their defaults, and what each gives next, as far as
-- this role may know. $1 schemas, $2 names.
SELECT w.schema, w.name, a.attname AS column, pg_catalog.format('%I.%I', sn.nspname, s.relname) AS sequence,
       pg_catalog.has_sequence_privilege(s.oid, 'SELECT') AS readable, q.seqincrement AS step,
       CASE WHEN pg_catalog.has_sequence_privilege(s.oid, 'USAGE, SELECT')
            THEN coalesce(pg_catalog.pg_sequence_last_value(s.oid) + q.seqincrement, q.seqstart) END AS next
FROM unnest($1::pg_catalog.text[], $2::pg_catalog.text[]) WITH ORDINALITY w(schema, name, ord)
JOIN pg_catalog.pg_namespace n ON n.nspname = w.schema
JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relname = w.name
JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
     AND a.atttypid = ANY ('{int2,int4,int8}'::pg_catalog.regtype[])
JOIN LATERAL ( -- an identity owns its sequence, a default depends on it
    SELECT d.objid AS oid FROM pg_catalog.pg_depend d
    WHERE d.refobjid = c.oid AND d.refobjsubid = a.attnum AND d.deptype = 'i'
      AND d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
    UNION
    SELECT d.refobjid FROM pg_catalog.pg_attrdef f
    JOIN pg_catalog.pg_depend d ON d.objid = f.oid AND d.classid = 'pg_catalog.pg_attrdef'::pg_catalog.regclass
         AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
    WHERE f.adrelid = c.oid AND f.adnum = a.attnum) x ON true
JOIN pg_catalog.pg_class s ON s.oid = x.oid AND s.relkind = 'S'
JOIN pg_catalog.pg_namespace sn ON sn.oid = s.relnamespace
JOIN pg_catalog.pg_sequence q ON q.seqrelid = s.oid
WHERE q.seqincrement > 0
ORDER BY w.ord, a.attnum
