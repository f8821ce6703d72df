-- explain/map.sql: template. The map's rows of a vNext row, every column as text. The parameters are the source key's columns.
SELECT (SELECT pg_catalog.json_object_agg(v.key, v.value) FROM pg_catalog.json_each_text(pg_catalog.row_to_json(m.*)) v) AS row
FROM :{map} m WHERE :{match}
