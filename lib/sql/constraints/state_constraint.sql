-- constraints/state_constraint.sql: what there is of constraint $3 on table $1.$2, a unique one over the columns $4 when $4 is not
-- NULL. `key`: what names a row of the table. `fits`: the index of this name is one that the constraint can be made of.
WITH t AS (
    SELECT c.oid, c.relnamespace FROM pg_catalog.pg_class c
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = $1 AND c.relname = $2 AND c.relkind IN ('r', 'p')
), con AS (
    SELECT k.* FROM pg_catalog.pg_constraint k JOIN t ON t.oid = k.conrelid WHERE k.conname = $3
), named AS (
    SELECT c.oid, c.relkind FROM pg_catalog.pg_class c JOIN t ON t.relnamespace = c.relnamespace
    WHERE $4::pg_catalog.text[] IS NOT NULL AND c.relname = $3
)
SELECT EXISTS (SELECT FROM t) AS there,
       EXISTS (SELECT FROM con) AS has,
       (SELECT pg_catalog.obj_description(k.oid, 'pg_constraint') FROM con k) AS comment,
       coalesce((SELECT k.convalidated FROM con k), false) AS valid,
       EXISTS (SELECT FROM named) AS named,
       EXISTS (SELECT FROM named x JOIN pg_catalog.pg_index i ON i.indexrelid = x.oid JOIN t ON t.oid = i.indrelid
               WHERE i.indisunique AND i.indpred IS NULL AND i.indexprs IS NULL AND i.indnatts = i.indnkeyatts
                 AND (SELECT pg_catalog.array_agg(a.attname::pg_catalog.text ORDER BY k.n)
                      FROM unnest(i.indkey::pg_catalog.int2[]) WITH ORDINALITY k(attnum, n)
                      JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum)
                     = $4::pg_catalog.text[]) AS fits,
       coalesce((SELECT i.indisvalid FROM named x JOIN pg_catalog.pg_index i ON i.indexrelid = x.oid), false) AS built,
       coalesce((SELECT pg_catalog.format('pg_catalog.concat_ws('','', %s)',
                                          pg_catalog.string_agg(pg_catalog.format('%I::pg_catalog.text', a.attname), ', ' ORDER BY k.n))
                 FROM t JOIN pg_catalog.pg_index i ON i.indrelid = t.oid AND i.indisprimary
                 CROSS JOIN unnest(i.indkey::pg_catalog.int2[]) WITH ORDINALITY k(attnum, n)
                 JOIN pg_catalog.pg_attribute a ON a.attrelid = t.oid AND a.attnum = k.attnum
                 HAVING pg_catalog.count(*) > 0), 'ctid::pg_catalog.text') AS key
