-- integrity/undo_update.sql: template. Puts the rows back that mend $1, pack $2, check $3 changed. OFFSET 0: a row's text is read once, not for
-- each of its columns.
UPDATE :{table} t SET (:{columns}) = ROW(:{values})
FROM (SELECT r.key, r.before:::{table} AS was FROM dualwrite.mended_row r
      WHERE r.mend = $1::pg_catalog.int8 AND r.pack = $2 AND r.check_name = $3 AND r.after IS NOT NULL OFFSET 0) b
WHERE t.:{key} = b.key:::{type}
