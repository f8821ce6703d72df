-- apply/reserve.sql: template. A map row, with a legacy key set aside, for each wanted source row that has none. The
-- key comes first so that the write of the legacy row can be repeated without ever making a second one; one that a
-- legacy row has already fails by name.
WITH reserved AS MATERIALIZED (
    SELECT s.i0, (:{next_target_key}):::{target_key_type} AS key:{map_values}
    FROM (:{wanted}) w
    JOIN LATERAL (:{reading}) s ON true
    WHERE :{reserved_when} AND NOT EXISTS (SELECT FROM :{map} m WHERE m.:{map_source_key} = s.i0)
)
INSERT INTO :{map} (:{map_source_key}, :{map_target_key}:{map_columns})
SELECT r.i0,
       coalesce((SELECT dualwrite.key_taken(:{target_name}, :{target_key_name}, t.:{target_key_column}) FROM :{target} t
                 WHERE t.:{target_key_column} = r.key LIMIT 1), r.key):{map_names}
FROM reserved r
:{unless_mapped}
