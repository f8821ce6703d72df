-- smoke/next.sql: template. A number that no row has.
(SELECT coalesce(pg_catalog.max(x.:{column}), 0) OPERATOR(pg_catalog.+) 1 FROM :{source} x)
