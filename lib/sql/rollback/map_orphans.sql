-- rollback/map_orphans.sql: template, part of map.sql where the legacy tables are in the same database.
(SELECT pg_catalog.count(*) FROM :{map} m WHERE NOT EXISTS (SELECT FROM :{target} t WHERE t.:{key} = m.:{target_key}))
