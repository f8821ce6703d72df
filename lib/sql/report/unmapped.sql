-- report/unmapped.sql: template. vNext teams of the last 24 hours without a map row: the newest ten, and how many there are.
SELECT :{vnext} AS vnext, s.created, pg_catalog.count(*) OVER () AS total
FROM (:{root}) s
WHERE s.recent AND s.wanted AND NOT EXISTS (SELECT FROM :{map} m WHERE :{same})
ORDER BY s.created DESC LIMIT 10
