-- apply/rows.sql: template. The rows of $1, each value typed as its legacy column is declared: so the type's own reader
-- refuses what does not fit, as it would for an INSERT, where a cast would cut it.
SELECT w.n, w.present, w."write", w."create", w.remove:{names}
FROM pg_catalog.json_to_recordset($1::pg_catalog.json)
     AS w(n pg_catalog.int4, present pg_catalog.bool, "write" pg_catalog.bool, "create" pg_catalog.bool,
          remove pg_catalog.bool:{declarations}, v pg_catalog.json)
LEFT JOIN LATERAL pg_catalog.json_to_record(w.v) AS e(:{value_declarations}) ON true
