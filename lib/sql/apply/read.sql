-- apply/read.sql: template. What vNext says about each wanted identity, as text: is there a row (found), is it present, its
-- parent, the legacy keys that the maps give, whether the map has noted the legacy row as equal, and the mapped values as a
-- JSON object. It runs in a read-only subtransaction.
SELECT w.n, coalesce(s.found, false) AS found, coalesce(s.present, false) AS present, :{parent} AS parent,
       :{parent_key} AS parent_key, pg_catalog.array_to_json(ARRAY[:{keys}]::pg_catalog.text[]) AS key,
       :{verified} AS verified, CASE WHEN s.found THEN :{values} END AS "values", CASE WHEN s.found THEN :{extra} END AS extra
FROM (:{wanted}) w
LEFT JOIN LATERAL (:{reading}) s ON true:{joins}
ORDER BY w.n
