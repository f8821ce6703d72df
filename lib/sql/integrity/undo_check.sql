-- integrity/undo_check.sql: template. Names the rows of mend $1, pack $2, check $3 that are not what it left any more, at most 10. The
-- layout is part of it: of another one a row's text says nothing.
SELECT coalesce(pg_catalog.string_agg(x.key, ', '), '') AS changed
FROM (SELECT r.key FROM dualwrite.mended_row r LEFT JOIN :{table} t ON t.:{key} = r.key:::{type}
      WHERE r.mend = $1::pg_catalog.int8 AND r.pack = $2 AND r.check_name = $3
        AND ((t.*)::pg_catalog.text IS DISTINCT FROM r.after OR r.layout IS DISTINCT FROM :{layout})
      ORDER BY r.id LIMIT 10) x
