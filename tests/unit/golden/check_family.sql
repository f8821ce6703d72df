-- ======== org

-- scan
SELECT pg_catalog.count(*) AS rows
FROM (SELECT "Id"::pg_catalog.text AS k, true AS p, "Id"::pg_catalog.text AS s0, "Name"::pg_catalog.text AS r0, "Name"::pg_catalog.text AS r2 FROM "New"."Org" LIMIT 1000) x


-- map facts
SELECT (SELECT pg_catalog.count(*) FROM (SELECT FROM "Map"."Org Map" m GROUP BY m."New Id"
                                         HAVING pg_catalog.count(*) > 1) d) AS source_twice,
       (SELECT pg_catalog.count(*) FROM (SELECT FROM "Map"."Org Map" m GROUP BY m."Old Id"
                                         HAVING pg_catalog.count(*) > 1) d) AS target_twice,
       (SELECT pg_catalog.count(*) FROM "Map"."Org Map" m
        WHERE NOT EXISTS (SELECT FROM "New"."Org" s WHERE s."Id"::pg_catalog.text = m."New Id"::pg_catalog.text)) AS source_gone,
       (SELECT pg_catalog.count(*) FROM "Map"."Org Map" m) AS rows


-- map stream
DECLARE dualwrite_check NO SCROLL CURSOR FOR
SELECT y.k, pg_catalog.row_to_json(y)::pg_catalog.text AS fields
FROM (SELECT m."New Id"::pg_catalog.text AS k, m."Old Id"::pg_catalog.text AS f FROM "Map"."Org Map" m WHERE m."Old Id" IS NOT NULL LIMIT 1000) y


-- map orphans
SELECT pg_catalog.count(*) AS rows, pg_catalog.min(r.k) AS k
FROM pg_catalog.json_to_recordset($1::pg_catalog.json) AS r(k pg_catalog.text, f pg_catalog.int8)
WHERE NOT EXISTS (SELECT FROM "Old"."O""rg" t WHERE t."Id" = r.f)


-- constant $.entities[0].columns.At.now: 2026-01-31 12:34:56.789012+00
-- constant $.entities[0].map.columns.By.constant: it's
-- stream
DECLARE dualwrite_check NO SCROLL CURSOR FOR
SELECT y.k, pg_catalog.row_to_json(y)::pg_catalog.text AS fields
FROM (SELECT x.k, om."Old Id"::pg_catalog.text AS t0, pg_catalog."left"(x.r0, 20) AS f1, pg_catalog.now()::pg_catalog.text AS f2 FROM (SELECT "Id"::pg_catalog.text AS k, true AS p, "Id"::pg_catalog.text AS s0, "Name"::pg_catalog.text AS r0, "Name"::pg_catalog.text AS r2 FROM "New"."Org" LIMIT 1000) x LEFT JOIN "Map"."Org Map" om ON om."New Id"::pg_catalog.text = x.s0 WHERE x.p) y


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
            FROM (SELECT x.k AS dualwrite_k, x.k AS dualwrite_i, (pg_catalog."left"(x.r0, 20))::pg_catalog."varchar" AS "Title", (pg_catalog.now()::pg_catalog.text)::pg_catalog.timestamptz AS "At" FROM (SELECT "Id"::pg_catalog.text AS k, true AS p, "Id"::pg_catalog.text AS s0, "Name"::pg_catalog.text AS r0, "Name"::pg_catalog.text AS r2 FROM "New"."Org") x LEFT JOIN "Map"."Org Map" om ON om."New Id"::pg_catalog.text = x.s0 WHERE x.p) "O""rg"
            WHERE (("At" > '2000-01-01'::date))) n
      WHERE n.dualwrite_e0 IS NOT NULL AND n.dualwrite_e1 IS NOT NULL
      GROUP BY n.dualwrite_e0, n.dualwrite_e1
      HAVING pg_catalog.count(DISTINCT n.dualwrite_i) > 1) z


-- ======== group

-- scan
SELECT pg_catalog.count(*) AS rows,
    pg_catalog.count(*) FILTER (WHERE x.p AND (x.r0 IS NOT NULL AND x.r0 NOT IN ('1', '2'))) AS c0, pg_catalog.min(x.k) FILTER (WHERE x.p AND (x.r0 IS NOT NULL AND x.r0 NOT IN ('1', '2'))) AS k0, pg_catalog.min(pg_catalog."left"(x.r0, 40)) FILTER (WHERE x.p AND (x.r0 IS NOT NULL AND x.r0 NOT IN ('1', '2'))) AS v0,
    pg_catalog.count(*) FILTER (WHERE x.p AND (x.r1 IS NULL)) AS c1, pg_catalog.min(x.k) FILTER (WHERE x.p AND (x.r1 IS NULL)) AS k1, pg_catalog.min(pg_catalog."left"(x.r1, 40)) FILTER (WHERE x.p AND (x.r1 IS NULL)) AS v1
FROM (SELECT "Id"::pg_catalog.text AS k, coalesce("State"::pg_catalog.text IN ('up', '1'), false) AS p, "Id"::pg_catalog.text AS s0, "Org Id"::pg_catalog.text AS pc, "Kind"::pg_catalog.text AS r0, (lower("Sort") -- of the row
)::pg_catalog.text AS r1, "Made"::pg_catalog.text AS r2, "Extra"::pg_catalog.text AS r4 FROM "New"."Group" LIMIT 1000) x


-- explain
EXPLAIN SELECT (lower("Sort") -- of the row
)::pg_catalog.text FROM "New"."Group"


-- expression
SELECT pg_catalog.count(*) AS rows, pg_catalog.count(x.v) AS filled
FROM (SELECT (lower("Sort") -- of the row
)::pg_catalog.text AS v FROM "New"."Group" LIMIT 1000) x


-- failing
DO $check0$
#variable_conflict use_column
DECLARE
    dualwrite_row record;
    dualwrite_failed bigint := 0;
    dualwrite_key text;
    dualwrite_error text;
BEGIN
    FOR dualwrite_row IN
        SELECT x.t, x.c, x.k FROM (SELECT tableoid AS t, ctid AS c, "Id"::pg_catalog.text AS k FROM "New"."Group" LIMIT 1000) x
    LOOP
        BEGIN
            PERFORM (lower("Sort") -- of the row
)::pg_catalog.text FROM "New"."Group" WHERE tableoid = dualwrite_row.t AND ctid = dualwrite_row.c;
        EXCEPTION WHEN OTHERS THEN
            dualwrite_failed := dualwrite_failed + 1;
            IF dualwrite_error IS NULL THEN
                dualwrite_key := dualwrite_row.k;
                dualwrite_error := SQLERRM;
            END IF;
        END;
    END LOOP;
    PERFORM set_config('dualwrite.check_answer',
                       json_build_object('failed', dualwrite_failed, 'key', dualwrite_key, 'error', dualwrite_error)::text,
                       true);
END $check0$


-- map facts
SELECT (SELECT pg_catalog.count(*) FROM (SELECT FROM "Map"."Group Map" m GROUP BY m."N"
                                         HAVING pg_catalog.count(*) > 1) d) AS source_twice,
       (SELECT pg_catalog.count(*) FROM (SELECT FROM "Map"."Group Map" m GROUP BY m."O"
                                         HAVING pg_catalog.count(*) > 1) d) AS target_twice,
       (SELECT pg_catalog.count(*) FROM "Map"."Group Map" m
        WHERE NOT EXISTS (SELECT FROM "New"."Group" s WHERE s."Id"::pg_catalog.text = m."N"::pg_catalog.text)) AS source_gone,
       (SELECT pg_catalog.count(*) FROM "Map"."Group Map" m) AS rows


-- map stream
DECLARE dualwrite_check NO SCROLL CURSOR FOR
SELECT y.k, pg_catalog.row_to_json(y)::pg_catalog.text AS fields
FROM (SELECT m."N"::pg_catalog.text AS k, m."O"::pg_catalog.text AS f FROM "Map"."Group Map" m WHERE m."O" IS NOT NULL LIMIT 1000) y


-- map orphans
SELECT pg_catalog.count(*) AS rows, pg_catalog.min(r.k) AS k
FROM pg_catalog.json_to_recordset($1::pg_catalog.json) AS r(k pg_catalog.text, f pg_catalog.int8)
WHERE NOT EXISTS (SELECT FROM "Old"."Group" t WHERE t."Id" = r.f)


-- constant $.entities[1].columns.Kind.values.1: one
-- constant $.entities[1].columns.Sort.values.a: A
-- constant $.entities[1].columns.Stamp.now: 2026-01-31 12:34:56.789012+00
-- constant $.entities[1].columns.Alive.constant: true
-- constant $.entities[1].removal.set.Alive.constant: false
-- stream
DECLARE dualwrite_check NO SCROLL CURSOR FOR
SELECT y.k, pg_catalog.row_to_json(y)::pg_catalog.text AS fields
FROM (SELECT x.k, om."O"::pg_catalog.text AS t0, CASE WHEN x.r0 IS NULL THEN NULL WHEN x.r0 = '1'::pg_catalog.text THEN 'one'::pg_catalog.text WHEN x.r0 = '2'::pg_catalog.text THEN NULL::pg_catalog.text ELSE NULL::pg_catalog.text END AS f2 FROM (SELECT "Id"::pg_catalog.text AS k, coalesce("State"::pg_catalog.text IN ('up', '1'), false) AS p, "Id"::pg_catalog.text AS s0, "Org Id"::pg_catalog.text AS pc, "Kind"::pg_catalog.text AS r0, (lower("Sort") -- of the row
)::pg_catalog.text AS r1, "Made"::pg_catalog.text AS r2, "Extra"::pg_catalog.text AS r4 FROM "New"."Group" LIMIT 1000) x LEFT JOIN "Map"."Group Map" om ON om."N"::pg_catalog.text = x.s0 LEFT JOIN "Map"."Org Map" pm ON pm."New Id"::pg_catalog.text = x.pc WHERE x.p) y


-- try
SELECT pg_catalog.count(*) FROM pg_catalog.json_to_recordset($1::pg_catalog.json) AS r(f2 pg_catalog.text)


-- orphans
SELECT pg_catalog.count(*) AS rows, pg_catalog.min(r.k) AS k
FROM pg_catalog.json_to_recordset($1::pg_catalog.json) AS r(k pg_catalog.text, f2 pg_catalog.text)
WHERE r.f2 IS NOT NULL AND NOT EXISTS (SELECT FROM "Old"."Ki""nd" p WHERE p."Kind" = r.f2)


-- ======== seat

-- scan
SELECT pg_catalog.count(*) AS rows
FROM (SELECT pg_catalog.concat_ws(',', "A"::pg_catalog.text, "B"::pg_catalog.text) AS k, coalesce("State"::pg_catalog.text IN ('it''s'), false) AS p, "A"::pg_catalog.text AS s0, "B"::pg_catalog.text AS s1, "Group"::pg_catalog.text AS pc, "Account"::pg_catalog.text AS r0 FROM "New"."Seat" LIMIT 1000) x


-- stream
DECLARE dualwrite_check NO SCROLL CURSOR FOR
SELECT y.k, pg_catalog.row_to_json(y)::pg_catalog.text AS fields
FROM (SELECT x.k, x.r0 AS f0 FROM (SELECT pg_catalog.concat_ws(',', "A"::pg_catalog.text, "B"::pg_catalog.text) AS k, coalesce("State"::pg_catalog.text IN ('it''s'), false) AS p, "A"::pg_catalog.text AS s0, "B"::pg_catalog.text AS s1, "Group"::pg_catalog.text AS pc, "Account"::pg_catalog.text AS r0 FROM "New"."Seat" LIMIT 1000) x LEFT JOIN "Map"."Group Map" pm ON pm."N"::pg_catalog.text = x.pc WHERE x.p) y


-- try
SELECT pg_catalog.count(*) FROM pg_catalog.json_to_recordset($1::pg_catalog.json) AS r(f0 pg_catalog.int4)


-- ======== tag

-- scan
SELECT pg_catalog.count(*) AS rows,
    pg_catalog.count(*) FILTER (WHERE x.p AND (pg_catalog.char_length(pg_catalog.rtrim(x.r0, ' ')) > 10)) AS c0, pg_catalog.min(x.k) FILTER (WHERE x.p AND (pg_catalog.char_length(pg_catalog.rtrim(x.r0, ' ')) > 10)) AS k0, pg_catalog.min(pg_catalog."left"(x.r0, 40)) FILTER (WHERE x.p AND (pg_catalog.char_length(pg_catalog.rtrim(x.r0, ' ')) > 10)) AS v0
FROM (SELECT "Id"::pg_catalog.text AS k, true AS p, "Id"::pg_catalog.text AS s0, "Code"::pg_catalog.text AS r0, "Label"::pg_catalog.text AS r2 FROM "New"."Tag" LIMIT 1000) x


-- constant $.entities[3].columns.Note.constant: a\b
