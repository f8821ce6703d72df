-- integrity/mend_end.sql: forgets mend $1 where it has changed no row.
DELETE FROM dualwrite.mend m
WHERE m.id = $1::pg_catalog.int8 AND NOT EXISTS (SELECT FROM dualwrite.mended_row r WHERE r.mend = m.id)
RETURNING m.id
