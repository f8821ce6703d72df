-- rollback/test_rows.sql: template. Rows that are test data by their name. $1 a pattern of LIKE.
SELECT pg_catalog.count(*) AS rows FROM :{source} s WHERE s.:{name} LIKE $1
