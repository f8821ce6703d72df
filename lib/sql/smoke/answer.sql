-- smoke/answer.sql: template. Which row was written.
pg_catalog.array_to_json(ARRAY[:{keys}]::pg_catalog.text[]) AS key, pg_catalog.array_to_json(ARRAY[:{identity}]::pg_catalog.text[]) AS identity
