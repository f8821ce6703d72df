-- check/map_orphans.sql: template. Map rows whose legacy row is not there. $1 an array of objects (map_stream.sql).
SELECT pg_catalog.count(*) AS rows, pg_catalog.min(r.k) AS k
FROM pg_catalog.json_to_recordset($1::pg_catalog.json) AS r(k pg_catalog.text, f :{type})
WHERE NOT EXISTS (SELECT FROM :{target} t WHERE t.:{target_key} = r.f)
