-- integrity/mend_keys.sql: the keys of the rows that mend $1 keeps for check $2 of pack $3: what a pack's mend gets as its $1.
SELECT coalesce(pg_catalog.array_agg(r.key ORDER BY r.id), '{}')::pg_catalog.text AS keys, pg_catalog.count(*) AS rows
FROM dualwrite.mended_row r WHERE r.mend = $1::pg_catalog.int8 AND r.check_name = $2 AND r.pack = $3
