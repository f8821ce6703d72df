-- integrity/undo_steps.sql: what mend $1 changed, check by check, the last one first; and of each table its columns: those that an
-- UPDATE can set, and those that an INSERT can.
SELECT s.pack, s.check_name, s.table_schema, s.table_name, s.key_column, s.layout, s.rows, s.deleted,
       coalesce(c.updatable, '') AS updatable, coalesce(c.values, '') AS values,
       coalesce(c.insertable, '') AS insertable, coalesce(c.all_values, '') AS all_values
FROM (SELECT r.pack, r.check_name, r.table_schema, r.table_name, r.key_column, r.layout, pg_catalog.max(r.id) AS last,
             pg_catalog.count(*) AS rows, pg_catalog.count(*) FILTER (WHERE r.after IS NULL) AS deleted
      FROM dualwrite.mended_row r WHERE r.mend = $1::pg_catalog.int8 GROUP BY 1, 2, 3, 4, 5, 6) s
LEFT JOIN LATERAL (
    SELECT pg_catalog.string_agg(pg_catalog.quote_ident(a.attname), ', ' ORDER BY a.attnum)
               FILTER (WHERE a.attidentity <> 'a') AS updatable,
           pg_catalog.string_agg('(b.was).' || pg_catalog.quote_ident(a.attname), ', ' ORDER BY a.attnum)
               FILTER (WHERE a.attidentity <> 'a') AS values,
           pg_catalog.string_agg(pg_catalog.quote_ident(a.attname), ', ' ORDER BY a.attnum) AS insertable,
           pg_catalog.string_agg('(b.was).' || pg_catalog.quote_ident(a.attname), ', ' ORDER BY a.attnum) AS all_values
    FROM pg_catalog.pg_attribute a
    WHERE a.attrelid = pg_catalog.to_regclass(pg_catalog.format('%I.%I', s.table_schema, s.table_name))
      AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
) c ON true
ORDER BY s.last DESC
