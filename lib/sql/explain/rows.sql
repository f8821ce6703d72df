-- explain/rows.sql: template. The keys of the vNext rows that have an identity. The parameters are its columns.
SELECT pg_catalog.array_to_json(ARRAY[:{keys}]::pg_catalog.text[]) AS key
FROM :{source} source WHERE :{match}
ORDER BY :{order} LIMIT 20
