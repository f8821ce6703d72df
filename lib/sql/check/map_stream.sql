-- check/map_stream.sql: template. The legacy keys that the map gives, for the legacy server to look for.
DECLARE dualwrite_check NO SCROLL CURSOR FOR
SELECT y.k, pg_catalog.row_to_json(y)::pg_catalog.text AS fields
FROM (SELECT :{key} AS k, m.:{target_key}::pg_catalog.text AS f FROM :{map} m WHERE m.:{target_key} IS NOT NULL :{limit}) y
