-- rollback/map.sql: template. Keys that the map has twice, on either side, and rows that lead to no legacy row (:{orphans}).
SELECT (SELECT pg_catalog.count(*) FROM (SELECT FROM :{map} m GROUP BY :{source_key} HAVING pg_catalog.count(*) > 1) d)
       + (SELECT pg_catalog.count(*) FROM (SELECT FROM :{map} m GROUP BY m.:{target_key} HAVING pg_catalog.count(*) > 1) d)
           AS duplicates,
       :{orphans} AS orphans
