-- smoke/find.sql: template. The rows with a value: the key that an application answered, or the name of the test's row.
SELECT :{answer}
FROM :{source} AS source
WHERE source.:{column} = $1:::{type}
