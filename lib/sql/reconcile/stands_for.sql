-- reconcile/stands_for.sql: template. Which source row each legacy key stands for ($1.. its columns as text): known, where the map
-- or the parent's map says so; its identity; and whether such a source row is gone. Only those that are not known or gone are
-- told. (LIMIT keeps a whole table from being hashed for a few keys.)
SELECT v.n, v.known, v.identity, v.gone
FROM (SELECT u.n, :{known} AS known, pg_catalog.array_to_json(ARRAY[:{identity_text}]::pg_catalog.text[]) AS identity,
             (:{traced}) AND :{asked} AND s.there IS NULL AS gone
      FROM unnest(:{parameters}) WITH ORDINALITY AS u(:{names}, n):{joins}
      LEFT JOIN LATERAL (SELECT true AS there FROM :{source} source WHERE (:{traced}) AND :{same} LIMIT 1) s ON true) v
WHERE NOT v.known OR v.gone
ORDER BY v.n
