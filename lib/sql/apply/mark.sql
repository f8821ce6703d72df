-- apply/mark.sql: template. The map's own note of whether the legacy row was read back equal.
UPDATE :{map} AS m SET :{verified} = r.equal
FROM pg_catalog.json_to_recordset($1::pg_catalog.json) AS r(:{declarations}, equal pg_catalog.bool)
WHERE :{map_match} AND m.:{verified} IS DISTINCT FROM r.equal
