-- Present vNext rows with a value that the value map does not know.
SELECT :{source_key} AS key FROM :{source} s
WHERE :{present} AND :{value}::pg_catalog.text NOT IN (:{known})
