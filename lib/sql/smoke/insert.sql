-- smoke/insert.sql: template. A test row, as the application would write it.
INSERT INTO :{source} AS source (:{columns}) VALUES (:{values})
RETURNING :{answer}
