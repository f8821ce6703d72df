-- vnext
SELECT pg_catalog.count(*) FILTER (WHERE s.active) AS active, pg_catalog.count(*) FILTER (WHERE s.recent) AS recent
FROM (SELECT "Id" AS s0, "Id"::pg_catalog.text AS r0, true AS present, true AS active, (true) AND false AS recent, NULL::pg_catalog.text AS created, true AS wanted
FROM "New"."Org"
) s WHERE s.wanted


-- map
DECLARE dualwrite_map NO SCROLL CURSOR FOR
SELECT m."Old Id"::pg_catalog.text AS legacy, NULL::pg_catalog.text AS id, m."New Id"::pg_catalog.text AS vnext, s.s0 IS NOT NULL AS found,
       coalesce(s.present, false) AS present, CASE WHEN s.recent AND s.wanted THEN s.created END AS recent
FROM "Map"."Org Map" m LEFT JOIN (SELECT "Id" AS s0, "Id"::pg_catalog.text AS r0, true AS present, true AS active, (true) AND false AS recent, NULL::pg_catalog.text AS created, true AS wanted
FROM "New"."Org"
) s ON m."New Id" = s.s0
ORDER BY m."Old Id" NULLS LAST


-- legacy
DECLARE dualwrite_legacy NO SCROLL CURSOR FOR
SELECT t."Id"::pg_catalog.text AS legacy, true AS active, true AS wanted
FROM "Old"."O""rg" t
ORDER BY t."Id" NULLS LAST


-- twice
SELECT m."New Id"::pg_catalog.text AS vnext, pg_catalog.count(*) OVER () AS total
FROM "Map"."Org Map" m GROUP BY m."New Id" HAVING pg_catalog.count(*) > 1 ORDER BY m."New Id" LIMIT 1000


-- unmapped
none

-- sample
SELECT pg_catalog.array_to_json(ARRAY[s.r0]::pg_catalog.text[]) AS ref, m."Old Id"::pg_catalog.text AS legacy, m."New Id"::pg_catalog.text AS vnext
FROM "Map"."Org Map" m JOIN (SELECT "Id" AS s0, "Id"::pg_catalog.text AS r0, true AS present, true AS active, (true) AND false AS recent, NULL::pg_catalog.text AS created, true AS wanted
FROM "New"."Org"
) s ON m."New Id" = s.s0
WHERE s.present AND s.wanted
ORDER BY pg_catalog.hashtextextended(m."New Id"::pg_catalog.text, $1::pg_catalog.int8), m."New Id"::pg_catalog.text LIMIT $2::pg_catalog.int4


-- members_vnext
SELECT d.root, pg_catalog.count(*) AS members
FROM (SELECT DISTINCT s.i0, s.root
      FROM (SELECT "Id" AS i0, "Org Id" AS parent, "Org Id"::pg_catalog.text AS root, coalesce("State"::pg_catalog.text IN ('up', '1'), false) AS active FROM "New"."Group") s
      WHERE s.active AND s.parent = ANY ($1::pg_catalog.text[]::pg_catalog.uuid[])) d
GROUP BY d.root


-- members_legacy
SELECT t."O"::pg_catalog.text AS root, pg_catalog.count(*) AS members
FROM "Old"."Group" t
WHERE NOT coalesce(t."Alive" = 'false'::pg_catalog.bool AND t."Kind" IS NULL, false) AND t."O" = ANY ($1::pg_catalog.text[]::pg_catalog.int8[])
GROUP BY t."O"


-- ranked_vnext
none

-- ranked_legacy
none

-- rankings
none

