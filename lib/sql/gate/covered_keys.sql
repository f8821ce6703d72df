-- gate/covered_keys.sql: template, two databases. Of legacy keys $1, with so many rows each ($2), the rows that the map knows.
SELECT coalesce(pg_catalog.sum(u.rows), 0) AS mapped
FROM unnest($1::pg_catalog.text[], $2::pg_catalog.int8[]) u(key, rows)
WHERE EXISTS (SELECT FROM :{map} m WHERE m.:{map_key} = u.key:::{type})
