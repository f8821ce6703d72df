-- report/twice.sql: template. vNext keys that stand in the map more than once: the first 1000, and how many there are.
SELECT :{vnext} AS vnext, pg_catalog.count(*) OVER () AS total
FROM :{map} m GROUP BY :{keys} HAVING pg_catalog.count(*) > 1 ORDER BY :{keys} LIMIT 1000
