-- check/map_twice.sql: template. How many keys have several rows in the map.
(SELECT pg_catalog.count(*) FROM (SELECT FROM :{map} m GROUP BY :{key} HAVING pg_catalog.count(*) > 1) d)
