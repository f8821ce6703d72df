-- check/stream.sql: template. What the legacy table would get from the present rows, a JSON object each, for the legacy
-- server to try: k the row's key, tN its legacy key where that is known, fN the target's N-th column.
DECLARE dualwrite_check NO SCROLL CURSOR FOR
SELECT y.k, pg_catalog.row_to_json(y)::pg_catalog.text AS fields
FROM (SELECT x.k:{fields} FROM (:{rows}) x:{joins} WHERE x.p) y
