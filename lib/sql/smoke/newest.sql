-- smoke/newest.sql: template. What a row that is there already has, for a column that needs a value and of which nothing is known.
(SELECT x.:{column} FROM :{source} x WHERE x.:{column} IS NOT NULL ORDER BY :{order} LIMIT 1)
