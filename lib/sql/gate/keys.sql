-- gate/keys.sql: template, two databases. The keys of the active legacy rows, to be looked up in the map.
DECLARE dualwrite_gate NO SCROLL CURSOR FOR
SELECT t.:{key}::pg_catalog.text AS key, pg_catalog.count(*) AS rows FROM :{target} t WHERE :{active} GROUP BY t.:{key}
