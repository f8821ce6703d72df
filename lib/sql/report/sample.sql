-- report/sample.sql: template. $2 of the present vNext teams that have a map row, drawn by a hash of key and seed $1: at random,
-- and the same ones again with the same seed.
SELECT pg_catalog.array_to_json(ARRAY[:{ref}]::pg_catalog.text[]) AS ref, :{legacy} AS legacy, :{vnext} AS vnext
FROM :{rows}
WHERE s.present AND s.wanted
ORDER BY pg_catalog.hashtextextended(:{vnext}, $1::pg_catalog.int8), :{vnext} LIMIT $2::pg_catalog.int4
