-- integrity/undo_insert.sql: template. Puts the rows back that mend $1, pack $2, check $3 deleted. OFFSET 0 as in undo_update.sql.
INSERT INTO :{table} (:{columns}) OVERRIDING SYSTEM VALUE
SELECT :{values}
FROM (SELECT r.id, r.before:::{table} AS was FROM dualwrite.mended_row r
      WHERE r.mend = $1::pg_catalog.int8 AND r.pack = $2 AND r.check_name = $3 AND r.after IS NULL OFFSET 0) b
ORDER BY b.id
