-- report/root.sql: template. The vNext teams as the other statements of the report read them. Names stand bare, so that an
-- expression of the mapping means the source's columns and nothing else.
SELECT :{keys}, :{present} AS present, :{active} AS active, (:{present}) AND :{recent} AS recent, :{created} AS created, :{wanted} AS wanted
FROM :{source}
