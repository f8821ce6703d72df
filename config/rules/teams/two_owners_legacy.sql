-- Parents with more than one active row whose role is OWNER.
SELECT :{target_parent} AS key FROM :{target} t
WHERE :{active} AND t.:{column}::pg_catalog.text = 'OWNER'
GROUP BY 1 HAVING pg_catalog.count(*) > 1
