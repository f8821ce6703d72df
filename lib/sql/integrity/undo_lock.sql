-- integrity/undo_lock.sql: template. Locks the rows that mend $1, pack $2, check $3 changed; looked at by the next statement.
SELECT pg_catalog.count(*)
FROM (SELECT FROM :{table} t
      WHERE t.:{key} IN (SELECT r.key:::{type} FROM dualwrite.mended_row r
                         WHERE r.mend = $1::pg_catalog.int8 AND r.pack = $2 AND r.check_name = $3)
      FOR UPDATE OF t) x
