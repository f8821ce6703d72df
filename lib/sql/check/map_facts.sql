-- check/map_facts.sql: template. Rows of the map that stand for one row twice, and those whose source row is gone.
SELECT (SELECT pg_catalog.count(*) FROM (SELECT FROM :{map} m GROUP BY :{source_key}
                                         HAVING pg_catalog.count(*) > 1) d) AS source_twice,
       (SELECT pg_catalog.count(*) FROM (SELECT FROM :{map} m GROUP BY m.:{target_key}
                                         HAVING pg_catalog.count(*) > 1) d) AS target_twice,
       (SELECT pg_catalog.count(*) FROM :{map} m
        WHERE NOT EXISTS (SELECT FROM :{source} s WHERE :{same})) AS source_gone,
       (SELECT pg_catalog.count(*) FROM :{map} m) AS rows
