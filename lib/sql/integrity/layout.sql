-- integrity/layout.sql: template, a part of others: the table's columns and their types, in order. A row's text means something only
-- with these.
(SELECT pg_catalog.string_agg(pg_catalog.format('%I %s', a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod)), ', '
                              ORDER BY a.attnum)
 FROM pg_catalog.pg_attribute a
 WHERE a.attrelid = :{regclass}::pg_catalog.regclass AND a.attnum > 0 AND NOT a.attisdropped)
