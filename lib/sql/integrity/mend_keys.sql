-- integrity/mend_keys.sql: of the rows that mend $1 keeps for check $2 of pack $3 those that are still found, now that they are locked
-- ($4 what the check finds now): what a pack's mend gets as its $1. The others somebody has mended meanwhile: they are let go.
-- `twice`: a key that two of the rows have.
WITH wanted AS MATERIALIZED (
    SELECT r.id, r.key, r.key = ANY ($4::pg_catalog.text[]) AS found
    FROM dualwrite.mended_row r WHERE r.mend = $1::pg_catalog.int8 AND r.check_name = $2 AND r.pack = $3
), gone AS (
    DELETE FROM dualwrite.mended_row r USING wanted w WHERE r.id = w.id AND NOT w.found
)
SELECT coalesce(pg_catalog.array_agg(w.key ORDER BY w.id), '{}')::pg_catalog.text AS keys,
       (SELECT t.key FROM wanted t GROUP BY t.key HAVING pg_catalog.count(*) > 1 ORDER BY t.key LIMIT 1) AS twice
FROM wanted w WHERE w.found
