-- explain/key.sql: template. The vNext row with a key: the key as its column writes it, whether the row is there, and what its
-- identity columns hold. The parameters are the key's columns.
SELECT pg_catalog.array_to_json(ARRAY[:{keys}]::pg_catalog.text[]) AS key, source.:{first_key} IS NOT NULL AS found,
       pg_catalog.array_to_json(ARRAY[:{identity}]::pg_catalog.text[]) AS identity
FROM (SELECT :{wanted}) w
LEFT JOIN :{source} source ON :{match}
