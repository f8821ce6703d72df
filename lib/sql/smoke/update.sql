-- smoke/update.sql: template. A change of a test row, as the application would write it.
UPDATE :{source} AS source SET :{assignments} WHERE :{match}
RETURNING :{answer}
