-- explain/owner.sql: template. The identity that a legacy row stands for. The parameters are the legacy key's columns.
SELECT pg_catalog.array_to_json(ARRAY[:{identity}]::pg_catalog.text[]) AS identity:{from}
