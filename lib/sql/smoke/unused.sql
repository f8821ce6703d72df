-- smoke/unused.sql: template. The same for a column that one row only may refer with: a value that no row has yet.
(SELECT x.:{referenced} FROM :{table} x
 WHERE x.:{referenced} IS NOT NULL AND NOT EXISTS (SELECT FROM :{source} s WHERE s.:{column} = x.:{referenced})
 ORDER BY x.:{referenced} LIMIT 1)
