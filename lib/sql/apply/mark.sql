-- apply/mark.sql: template. The map's own note of whether the legacy row was read back equal.
UPDATE :{map} AS m SET :{verified} = r.equal
FROM (SELECT :{elements} FROM pg_catalog.json_to_record($1::pg_catalog.json) AS p(:{declarations})) r
WHERE :{map_match} AND m.:{verified} IS DISTINCT FROM r.equal
