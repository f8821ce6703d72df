-- check/explain.sql: template. Does the server understand an expression? It is planned and not executed.
EXPLAIN SELECT (:{expression}
)::pg_catalog.text FROM :{source}
