-- reconcile/stands_for.sql: template. Which source row each legacy key stands for ($1.. its columns as text): known, where the map
-- or the parent's map says so; its identity; and whether such a source row is gone.
SELECT u.n, :{known} AS known, pg_catalog.array_to_json(ARRAY[:{identity_text}]::pg_catalog.text[]) AS identity,
       (:{known}) AND :{asked} AND NOT EXISTS (SELECT FROM :{source} source WHERE :{same}) AS gone
FROM unnest(:{parameters}) WITH ORDINALITY AS u(:{names}, n):{joins}
ORDER BY u.n
