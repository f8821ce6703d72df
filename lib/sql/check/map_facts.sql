-- check/map_facts.sql: template. Rows of the map that stand for one row twice (map_twice.sql, or 0 where a unique index says so),
-- and those whose source row is gone (map_gone.sql, or 0 where nobody wants to know).
SELECT :{source_twice} AS source_twice, :{target_twice} AS target_twice, :{source_gone} AS source_gone,
       (SELECT pg_catalog.count(*) FROM :{map} m) AS rows
