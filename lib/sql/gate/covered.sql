-- gate/covered.sql: template, one database. Active legacy rows, and those whose key the map knows.
SELECT (SELECT pg_catalog.count(*) FROM :{target} t WHERE :{active}) AS rows,
       (SELECT pg_catalog.count(*) FROM :{target} t
        WHERE :{active} AND EXISTS (SELECT FROM :{map} m WHERE m.:{map_key} = t.:{key})) AS mapped
