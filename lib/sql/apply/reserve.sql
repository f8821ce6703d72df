-- apply/reserve.sql: template. A map row, with a legacy key set aside, for each wanted source row that has none. The
-- key comes first so that the write of the legacy row can be repeated without ever making a second one.
INSERT INTO :{map} (:{map_source_key}, :{map_target_key}:{map_columns})
SELECT s.i0, :{next_target_key}:{map_values}
FROM (:{wanted}) w
JOIN (:{reading}) s ON :{source_is_wanted}
WHERE NOT EXISTS (SELECT FROM :{map} m WHERE m.:{map_source_key} = s.i0)
:{unless_mapped}
