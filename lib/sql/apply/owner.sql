-- apply/owner.sql: template. Which vNext rows the legacy keys $1.. stand for: their identities, as the plan's read takes
-- them. A key that no map knows has none.
SELECT w.n, pg_catalog.array_to_json(ARRAY[:{identity}]::pg_catalog.text[]) AS identity
FROM unnest(:{parameters}) WITH ORDINALITY AS w(:{names}, n):{joins}
ORDER BY w.n
