-- check/map_gone.sql: template. Rows of the map whose source row is not there.
(SELECT pg_catalog.count(*) FROM :{map} m WHERE NOT EXISTS (SELECT FROM :{source} s WHERE :{same}))
