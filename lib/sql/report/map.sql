-- report/map.sql: template. The map in the order of the legacy keys, to be merged with legacy.sql: which vNext row each one
-- names, whether that is there (found) and present, and when it was made where that is less than 24 hours ago.
DECLARE dualwrite_map NO SCROLL CURSOR FOR
SELECT :{legacy} AS legacy, :{id} AS id, :{vnext} AS vnext, s.s0 IS NOT NULL AS found,
       coalesce(s.present, false) AS present, CASE WHEN s.recent AND s.wanted THEN s.created END AS recent
FROM :{rows}
ORDER BY :{order} NULLS LAST
