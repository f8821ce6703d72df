-- Rows of the map without a legacy row, and those whose vNext row is gone while the legacy row is still active. A row that was
-- deleted and synced is retired and no orphan: its legacy row is inactive, or gone where the mapping deletes.
SELECT pg_catalog.concat(:{map_source_key}, ' -> ', :{map_target_key}) AS key
FROM :{map} m
LEFT JOIN :{target} t ON :{map_is_target}
WHERE CASE WHEN EXISTS (SELECT FROM :{source} s WHERE :{map_is_source}) THEN t IS NOT DISTINCT FROM NULL
           WHEN t IS NOT DISTINCT FROM NULL THEN NOT :{deletes}
           ELSE :{active} END
