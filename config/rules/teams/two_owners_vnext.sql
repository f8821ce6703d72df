-- Parents with more than one present row whose role is OWNER. Two stays of one person are two rows too: who is asked twice is one.
SELECT :{source_parent} AS key FROM :{source} s
WHERE :{present} AND :{value}::pg_catalog.text = 'OWNER'
GROUP BY 1 HAVING pg_catalog.count(*) > 1
