-- cleanup/rows.sql: template. The keys of the rows of a table that are meant, each with the text by which people know it.
SELECT pg_catalog.array_to_json(ARRAY[:{keys}]::pg_catalog.text[]) AS key, coalesce(:{shown}, '') AS shown
FROM :{table} t WHERE :{where} ORDER BY :{order}:{lock}
