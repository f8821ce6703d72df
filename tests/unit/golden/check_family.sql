-- ======== org

-- scan
SELECT pg_catalog.count(*) AS rows
FROM (SELECT "Id"::pg_catalog.text AS k, true AS p, "Id"::pg_catalog.text AS s0, "Name"::pg_catalog.text AS r0, "Name"::pg_catalog.text AS r2 FROM "New"."Org" LIMIT 1000) x


-- map facts
SELECT 0 AS source_twice, 0 AS target_twice, (SELECT pg_catalog.count(*) FROM "Map"."Org Map" m WHERE NOT EXISTS (SELECT FROM "New"."Org" s WHERE s."Id" = m."New Id"))
 AS source_gone,
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
SELECT 0 AS source_twice, 0 AS target_twice, (SELECT pg_catalog.count(*) FROM "Map"."Group Map" m WHERE NOT EXISTS (SELECT FROM "New"."Group" s WHERE s."Id" = m."N"))
 AS source_gone,
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
-- ======== seat

-- scan
SELECT pg_catalog.count(*) AS rows
FROM (SELECT pg_catalog.concat_ws(',', "A"::pg_catalog.text, "B"::pg_catalog.text) AS k, coalesce("State"::pg_catalog.text IN ('it''s'), false) AS p, "A"::pg_catalog.text AS s0, "B"::pg_catalog.text AS s1, "Group"::pg_catalog.text AS pc, "Account"::pg_catalog.text AS r0 FROM "New"."Seat" LIMIT 1000) x


-- ======== tag

-- scan
SELECT pg_catalog.count(*) AS rows,
    pg_catalog.count(*) FILTER (WHERE x.p AND (pg_catalog.char_length(pg_catalog.rtrim(x.r0, ' ')) > 10)) AS c0, pg_catalog.min(x.k) FILTER (WHERE x.p AND (pg_catalog.char_length(pg_catalog.rtrim(x.r0, ' ')) > 10)) AS k0, pg_catalog.min(pg_catalog."left"(x.r0, 40)) FILTER (WHERE x.p AND (pg_catalog.char_length(pg_catalog.rtrim(x.r0, ' ')) > 10)) AS v0
FROM (SELECT "Id"::pg_catalog.text AS k, true AS p, "Id"::pg_catalog.text AS s0, "Code"::pg_catalog.text AS r0, "Label"::pg_catalog.text AS r2 FROM "New"."Tag" LIMIT 1000) x


-- constant $.entities[3].columns.Note.constant: a\b
