-- integrity/undo_verify.sql: template. Rows of mend $1, pack $2, check $3 that are not what they were, at most 10: a trigger of the
-- application's may have had its own idea.
SELECT coalesce(pg_catalog.string_agg(x.key, ', '), '') AS differ
FROM (SELECT r.key FROM dualwrite.mended_row r LEFT JOIN :{table} t ON t.:{key} = r.key:::{type}
      WHERE r.mend = $1::pg_catalog.int8 AND r.pack = $2 AND r.check_name = $3 AND (t.*)::pg_catalog.text IS DISTINCT FROM r.before
      ORDER BY r.id LIMIT 10) x
