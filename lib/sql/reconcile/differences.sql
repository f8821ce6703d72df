-- reconcile/differences.sql: template. A part of compare.sql. The list is made only for a row that differs.
CASE WHEN ROW(:{present_columns})::pg_catalog.record OPERATOR(pg_catalog.*<>) ROW(:{compared_values})::pg_catalog.record THEN
    (SELECT pg_catalog.json_agg(pg_catalog.json_build_array(x.name, pg_catalog.left(x.should_be, 200), pg_catalog.left(x.is, 200)))
                ::pg_catalog.text
     FROM (VALUES :{columns}) AS x(name, should_be, "is", differs) WHERE x.differs) END
