-- smoke/existing.sql: template. A value that is there in the table that a column refers to.
(SELECT x.:{column} FROM :{table} x WHERE x.:{column} IS NOT NULL ORDER BY x.:{column} LIMIT 1)
