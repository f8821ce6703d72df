-- check/orphans.sql: template. Rows that would point to a row that is not there. $1 an array of objects (stream.sql).
SELECT pg_catalog.count(*) AS rows, pg_catalog.min(r.k) AS k
FROM pg_catalog.json_to_recordset($1::pg_catalog.json) AS r(k pg_catalog.text:{declared})
WHERE :{filled} AND NOT EXISTS (SELECT FROM :{referenced} p WHERE :{same})
