-- Rows of the map without a legacy row, and those whose vNext row is gone while the legacy row is still active. A row that was
-- deleted and synced is retired and no orphan: its legacy row is inactive, or gone where the mapping deletes. Nor is one that the
-- daemons have not got to yet: with two databases its key may be in the map before its row is there.
SELECT pg_catalog.concat(:{map_source_key}, ' -> ', :{map_target_key}) AS key
FROM :{map} m
LEFT JOIN :{legacy} l ON l.key = :{map_target_key}
WHERE CASE WHEN EXISTS (SELECT FROM :{source} s WHERE :{map_is_source}) THEN l.key IS NULL
           WHEN l.key IS NULL THEN NOT :{deletes}
           ELSE l.value = 'true' END
  AND NOT :{map_waits}
