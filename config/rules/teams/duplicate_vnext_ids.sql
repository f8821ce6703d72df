-- vNext keys that stand in the map more than once.
SELECT :{map_source_key} AS key FROM :{map} m GROUP BY 1 HAVING pg_catalog.count(*) > 1
