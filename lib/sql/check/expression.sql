-- check/expression.sql: template. An expression over the rows of today. count(x.v), because what nobody asks for is not
-- evaluated.
SELECT pg_catalog.count(*) AS rows, pg_catalog.count(x.v) AS filled
FROM (SELECT (:{expression}
)::pg_catalog.text AS v FROM :{source} :{limit}) x
