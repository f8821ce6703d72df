-- ======== org

-- stream
DECLARE dualwrite_check NO SCROLL CURSOR FOR
SELECT y.k, pg_catalog.row_to_json(y)::pg_catalog.text AS fields
FROM (SELECT x.k, om."Old Id"::pg_catalog.text AS t0, pg_catalog."left"(x.r0, 20) AS f1, pg_catalog.now()::pg_catalog.text AS f2 FROM (SELECT "Id"::pg_catalog.text AS k, true AS p, "Id"::pg_catalog.text AS s0, "Name"::pg_catalog.text AS r0, "Name"::pg_catalog.text AS r2 FROM "New"."Org" LIMIT 1000) x LEFT JOIN "Map"."Org Map" om ON om."New Id" = x.s0::pg_catalog.uuid WHERE x.p) y


-- try
SELECT pg_catalog.count(*) FROM pg_catalog.json_to_recordset($1::pg_catalog.json) AS r(f1 pg_catalog."varchar", f2 pg_catalog.timestamptz)


-- taken
SELECT pg_catalog.count(DISTINCT n.dualwrite_k) AS rows, pg_catalog.min(n.dualwrite_k) AS k
FROM (SELECT dualwrite_k, dualwrite_t0, "Title" AS dualwrite_e0, lower(("Title")::text) AS dualwrite_e1
      FROM (SELECT r.k AS dualwrite_k, r.t0 AS dualwrite_t0, r.f1 AS "Title", r.f2 AS "At"
            FROM pg_catalog.json_to_recordset($1::pg_catalog.json) AS r(k pg_catalog.text, f1 pg_catalog."varchar", f2 pg_catalog.timestamptz, t0 pg_catalog.int8)) "O""rg"
      WHERE (("At" > '2000-01-01'::date))) n
JOIN (SELECT "Id" AS dualwrite_t0, "Title" AS dualwrite_e0, lower(("Title")::text) AS dualwrite_e1 FROM "Old"."O""rg" WHERE (("At" > '2000-01-01'::date))) t ON t.dualwrite_e0 = n.dualwrite_e0 AND t.dualwrite_e1 = n.dualwrite_e1
WHERE (t.dualwrite_t0 = n.dualwrite_t0) IS NOT TRUE


-- twice
SELECT pg_catalog.count(*) AS groups, pg_catalog.sum(z.n) AS rows, pg_catalog.min(z.k) AS k
FROM (SELECT pg_catalog.min(n.dualwrite_k) AS k, pg_catalog.count(DISTINCT n.dualwrite_i) AS n
      FROM (SELECT dualwrite_k, dualwrite_i, "Title" AS dualwrite_e0, lower(("Title")::text) AS dualwrite_e1
            FROM (SELECT x.k AS dualwrite_k, x.k AS dualwrite_i, (pg_catalog."left"(x.r0, 20))::pg_catalog."varchar" AS "Title", (pg_catalog.now()::pg_catalog.text)::pg_catalog.timestamptz AS "At" FROM (SELECT "Id"::pg_catalog.text AS k, true AS p, "Id"::pg_catalog.text AS s0, "Name"::pg_catalog.text AS r0, "Name"::pg_catalog.text AS r2 FROM "New"."Org") x LEFT JOIN "Map"."Org Map" om ON om."New Id" = x.s0::pg_catalog.uuid WHERE x.p) "O""rg"
            WHERE (("At" > '2000-01-01'::date))) n
      WHERE n.dualwrite_e0 IS NOT NULL AND n.dualwrite_e1 IS NOT NULL
      GROUP BY n.dualwrite_e0, n.dualwrite_e1
      HAVING pg_catalog.count(DISTINCT n.dualwrite_i) > 1) z


-- ======== group

-- stream
DECLARE dualwrite_check NO SCROLL CURSOR FOR
SELECT y.k, pg_catalog.row_to_json(y)::pg_catalog.text AS fields
FROM (SELECT x.k, om."O"::pg_catalog.text AS t0, CASE WHEN x.r0 IS NULL THEN NULL WHEN x.r0 = '1'::pg_catalog.text THEN 'one'::pg_catalog.text WHEN x.r0 = '2'::pg_catalog.text THEN NULL::pg_catalog.text ELSE NULL::pg_catalog.text END AS f2 FROM (SELECT "Id"::pg_catalog.text AS k, coalesce("State"::pg_catalog.text IN ('up', '1'), false) AS p, "Id"::pg_catalog.text AS s0, "Org Id"::pg_catalog.text AS pc, "Kind"::pg_catalog.text AS r0, (lower("Sort") -- of the row
)::pg_catalog.text AS r1, "Made"::pg_catalog.text AS r2, "Extra"::pg_catalog.text AS r4 FROM "New"."Group" LIMIT 1000) x LEFT JOIN "Map"."Group Map" om ON om."N" = x.s0::pg_catalog.int8 LEFT JOIN "Map"."Org Map" pm ON pm."New Id" = x.pc::pg_catalog.uuid WHERE x.p) y


-- try
SELECT pg_catalog.count(*) FROM pg_catalog.json_to_recordset($1::pg_catalog.json) AS r(f2 pg_catalog.text)


-- orphans
SELECT pg_catalog.count(*) AS rows, pg_catalog.min(r.k) AS k
FROM pg_catalog.json_to_recordset($1::pg_catalog.json) AS r(k pg_catalog.text, f2 pg_catalog.text)
WHERE r.f2 IS NOT NULL AND NOT EXISTS (SELECT FROM "Old"."Ki""nd" p WHERE p."Kind" = r.f2)


-- ======== seat

-- stream
DECLARE dualwrite_check NO SCROLL CURSOR FOR
SELECT y.k, pg_catalog.row_to_json(y)::pg_catalog.text AS fields
FROM (SELECT x.k, x.r0 AS f0 FROM (SELECT pg_catalog.concat_ws(',', "A"::pg_catalog.text, "B"::pg_catalog.text) AS k, coalesce("State"::pg_catalog.text IN ('it''s'), false) AS p, "A"::pg_catalog.text AS s0, "B"::pg_catalog.text AS s1, "Group"::pg_catalog.text AS pc, "Account"::pg_catalog.text AS r0 FROM "New"."Seat" LIMIT 1000) x LEFT JOIN "Map"."Group Map" pm ON pm."N" = x.pc::pg_catalog.int8 WHERE x.p) y


-- try
SELECT pg_catalog.count(*) FROM pg_catalog.json_to_recordset($1::pg_catalog.json) AS r(f0 pg_catalog.int4)


-- ======== tag

