-- check/twice.sql: template. Present rows that would give several legacy rows what a unique index keeps apart.
SELECT pg_catalog.count(*) AS groups, pg_catalog.sum(z.n) AS rows, pg_catalog.min(z.k) AS k
FROM (SELECT pg_catalog.min(n.dualwrite_k) AS k, pg_catalog.count(DISTINCT n.dualwrite_i) AS n
      FROM (SELECT dualwrite_k, dualwrite_i:{keys}
            FROM (SELECT x.k AS dualwrite_k, :{identity} AS dualwrite_i:{fields} FROM (:{rows}) x:{joins} WHERE x.p) :{name}
            :{predicate}) n
      WHERE :{filled}
      GROUP BY :{groups}
      HAVING pg_catalog.count(DISTINCT n.dualwrite_i) > 1) z
