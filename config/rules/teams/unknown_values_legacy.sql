-- Legacy rows with a value that the mapping never writes.
SELECT :{target_key} AS key FROM :{target} t
WHERE t.:{column}::pg_catalog.text NOT IN (:{set})
