-- integrity/undo_check.sql: template. Locks the rows of mend $1, pack $2, check $3, and names those that are not what it left any
-- more, at most 10. The layout is part of it: of another one a row's text says nothing.
WITH rows AS MATERIALIZED (
    SELECT t.:{key} AS key, t::pg_catalog.text AS is FROM :{table} t
    WHERE t.:{key}::pg_catalog.text IN (SELECT r.key FROM dualwrite.mended_row r
                                        WHERE r.mend = $1::pg_catalog.int8 AND r.pack = $2 AND r.check_name = $3)
    FOR UPDATE OF t
)
SELECT coalesce(pg_catalog.string_agg(x.key, ', '), '') AS changed
FROM (SELECT r.key FROM dualwrite.mended_row r LEFT JOIN rows t ON t.key::pg_catalog.text = r.key
      WHERE r.mend = $1::pg_catalog.int8 AND r.pack = $2 AND r.check_name = $3
        AND (t.is IS DISTINCT FROM r.after OR r.layout IS DISTINCT FROM :{layout})
      ORDER BY r.id LIMIT 10) x
