-- check/tables.sql: what else hangs on the mapped tables. $1 schemas, $2 names. `identity` says whether a row can be named in
-- a publication's stream: else an UPDATE is refused.
SELECT w.schema, w.name,
       (SELECT pg_catalog.string_agg(t.tgname || CASE t.tgenabled WHEN 'D' THEN ' (disabled)' ELSE '' END, ', '
                                     ORDER BY t.tgname)
        FROM pg_catalog.pg_trigger t JOIN pg_catalog.pg_proc p ON p.oid = t.tgfoid
        JOIN pg_catalog.pg_namespace pn ON pn.oid = p.pronamespace
        WHERE t.tgrelid = c.oid AND NOT t.tgisinternal AND pn.nspname <> 'dualwrite') AS triggers,
       (SELECT pg_catalog.string_agg(r.rulename, ', ' ORDER BY r.rulename) FROM pg_catalog.pg_rewrite r
        WHERE r.ev_class = c.oid) AS rules,
       (SELECT pg_catalog.string_agg(DISTINCT p.pubname, ', ')
        FROM pg_catalog.pg_publication_tables pt JOIN pg_catalog.pg_publication p ON p.pubname = pt.pubname
        WHERE pt.schemaname = w.schema AND pt.tablename = w.name AND (p.pubupdate OR p.pubdelete)) AS publications,
       c.relreplident = 'f' OR (c.relreplident IN ('d', 'i') AND EXISTS (
           SELECT FROM pg_catalog.pg_index i
           WHERE i.indrelid = c.oid AND CASE c.relreplident WHEN 'd' THEN i.indisprimary ELSE i.indisreplident END))
           AS identity,
       EXISTS (SELECT FROM pg_catalog.pg_subscription_rel s WHERE s.srrelid IN ( -- or one of its partitions
           WITH RECURSIVE family AS (
               SELECT c.oid UNION ALL
               SELECT h.inhrelid FROM family f JOIN pg_catalog.pg_inherits h ON h.inhparent = f.oid)
           SELECT f.oid FROM family f)) AS subscribed
FROM unnest($1::pg_catalog.text[], $2::pg_catalog.text[]) WITH ORDINALITY w(schema, name, ord)
JOIN pg_catalog.pg_namespace n ON n.nspname = w.schema
JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relname = w.name AND c.relkind IN ('r', 'p')
ORDER BY w.ord
