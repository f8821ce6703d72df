-- report/legacy.sql: template. The legacy teams in key order, to be merged with map.sql.
DECLARE dualwrite_legacy NO SCROLL CURSOR FOR
SELECT :{legacy} AS legacy, :{active} AS active, :{wanted} AS wanted
FROM :{target} t
ORDER BY :{order} NULLS LAST
