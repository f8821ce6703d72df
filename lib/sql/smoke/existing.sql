-- smoke/existing.sql: template. A value that is there in the table that a column refers to.
(SELECT x.:{referenced} FROM :{table} x WHERE x.:{referenced} IS NOT NULL ORDER BY x.:{referenced} LIMIT 1)
