-- smoke/delete.sql: template. A test row is deleted, as the application would.
DELETE FROM :{source} AS source WHERE :{match}
RETURNING :{answer}
