-- org: key
SELECT pg_catalog.array_to_json(ARRAY[w.k0::pg_catalog.text]::pg_catalog.text[]) AS key, source."Id" IS NOT NULL AS found,
       pg_catalog.array_to_json(ARRAY[source."Id"::pg_catalog.text]::pg_catalog.text[]) AS identity
FROM (SELECT $1::pg_catalog.uuid AS k0) w
LEFT JOIN "New"."Org" source ON source."Id" = w.k0


-- org: rows
SELECT pg_catalog.array_to_json(ARRAY[source."Id"::pg_catalog.text]::pg_catalog.text[]) AS key
FROM "New"."Org" source WHERE source."Id" = $1::pg_catalog.uuid
ORDER BY source."Id" LIMIT 20


-- org: owner
SELECT pg_catalog.array_to_json(ARRAY[m."New Id"::pg_catalog.text]::pg_catalog.text[]) AS identity
FROM "Map"."Org Map" m WHERE m."Old Id" = $1::pg_catalog.int8


-- org: map
SELECT (SELECT pg_catalog.json_object_agg(v.key, v.value) FROM pg_catalog.json_each_text(pg_catalog.row_to_json(m.*)) v) AS row
FROM "Map"."Org Map" m WHERE m."New Id" = $1::pg_catalog.uuid


-- org: compare
SELECT t."Id" IS NOT NULL AS found,
       CASE WHEN pg_catalog.current_setting('track_commit_timestamp') = 'on' AND t."Id" IS NOT NULL
            THEN pg_catalog.to_char(pg_catalog.pg_xact_commit_timestamp(t.xmin) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
       END AS written_at,
       (SELECT coalesce(pg_catalog.json_agg(c.*), '[]')
        FROM (VALUES ('Id'::pg_catalog.text, 'key'::pg_catalog.text, CASE WHEN r.remove THEN (r.k0)::pg_catalog.text ELSE (r.k0)::pg_catalog.text END, t."Id"::pg_catalog.text, CASE WHEN r.remove THEN t."Id" IS NOT DISTINCT FROM (r.k0) ELSE t."Id" IS NOT DISTINCT FROM (r.k0) END),
    ('Title'::pg_catalog.text, 'compared'::pg_catalog.text, CASE WHEN r.remove THEN (NULL)::pg_catalog.text ELSE (r.c0)::pg_catalog.text END, t."Title"::pg_catalog.text, CASE WHEN r.remove THEN NULL::pg_catalog.bool ELSE t."Title" IS NOT DISTINCT FROM (r.c0) END),
    ('At'::pg_catalog.text, 'now'::pg_catalog.text, CASE WHEN r.remove THEN (NULL)::pg_catalog.text ELSE (NULL)::pg_catalog.text END, t."At"::pg_catalog.text, CASE WHEN r.remove THEN NULL::pg_catalog.bool ELSE NULL::pg_catalog.bool END)) AS c("column", rule, vnext, legacy, same) WHERE c."column" IS NOT NULL) AS columns
FROM (SELECT w.n, w."do" & 1 <> 0 AS present, w."do" & 2 <> 0 AS "write", w."do" & 4 <> 0 AS "create", w."do" & 8 <> 0 AS remove, w.k0 AS k0, w.c0 AS c0
FROM (SELECT pg_catalog.unnest(p.n) AS n, pg_catalog.unnest(p."do") AS "do", pg_catalog.unnest(p.k0) AS k0, pg_catalog.unnest(p.c0) AS c0
      FROM pg_catalog.json_to_record($1::pg_catalog.json) AS p(n pg_catalog.int4[], "do" pg_catalog.int4[], k0 pg_catalog.int8[], c0 pg_catalog."varchar"(30)[])) w
) r
LEFT JOIN "Old"."O""rg" t ON t."Id" = r.k0


-- group: key
SELECT pg_catalog.array_to_json(ARRAY[w.k0::pg_catalog.text]::pg_catalog.text[]) AS key, source."Id" IS NOT NULL AS found,
       pg_catalog.array_to_json(ARRAY[source."Id"::pg_catalog.text]::pg_catalog.text[]) AS identity
FROM (SELECT $1::pg_catalog.int8 AS k0) w
LEFT JOIN "New"."Group" source ON source."Id" = w.k0


-- group: rows
SELECT pg_catalog.array_to_json(ARRAY[source."Id"::pg_catalog.text]::pg_catalog.text[]) AS key
FROM "New"."Group" source WHERE source."Id" = $1::pg_catalog.int8
ORDER BY source."Id" LIMIT 20


-- group: owner
SELECT pg_catalog.array_to_json(ARRAY[m."N"::pg_catalog.text]::pg_catalog.text[]) AS identity
FROM "Map"."Group Map" m WHERE m."O" = $1::pg_catalog.int8


-- group: map
SELECT (SELECT pg_catalog.json_object_agg(v.key, v.value) FROM pg_catalog.json_each_text(pg_catalog.row_to_json(m.*)) v) AS row
FROM "Map"."Group Map" m WHERE m."N" = $1::pg_catalog.int8


-- group: compare
SELECT t."Id" IS NOT NULL AS found,
       CASE WHEN pg_catalog.current_setting('track_commit_timestamp') = 'on' AND t."Id" IS NOT NULL
            THEN pg_catalog.to_char(pg_catalog.pg_xact_commit_timestamp(t.xmin) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
       END AS written_at,
       (SELECT coalesce(pg_catalog.json_agg(c.*), '[]')
        FROM (VALUES ('Id'::pg_catalog.text, 'key'::pg_catalog.text, CASE WHEN r.remove THEN (r.k0)::pg_catalog.text ELSE (r.k0)::pg_catalog.text END, t."Id"::pg_catalog.text, CASE WHEN r.remove THEN t."Id" IS NOT DISTINCT FROM (r.k0) ELSE t."Id" IS NOT DISTINCT FROM (r.k0) END),
    ('O'::pg_catalog.text, 'parent'::pg_catalog.text, CASE WHEN r.remove THEN (NULL)::pg_catalog.text ELSE (CASE WHEN r.present THEN r.p ELSE coalesce(r.p, t."O") END)::pg_catalog.text END, t."O"::pg_catalog.text, CASE WHEN r.remove THEN NULL::pg_catalog.bool ELSE t."O" IS NOT DISTINCT FROM (CASE WHEN r.present THEN r.p ELSE coalesce(r.p, t."O") END) END),
    ('Kind'::pg_catalog.text, 'compared'::pg_catalog.text, CASE WHEN r.remove THEN (d.c1)::pg_catalog.text ELSE (CASE WHEN r.present THEN r.c0 ELSE d.c1 END)::pg_catalog.text END, t."Kind"::pg_catalog.text, CASE WHEN r.remove THEN t."Kind" IS NOT DISTINCT FROM (d.c1) ELSE t."Kind" IS NOT DISTINCT FROM (CASE WHEN r.present THEN r.c0 ELSE d.c1 END) END),
    ('Sort'::pg_catalog.text, 'compared'::pg_catalog.text, CASE WHEN r.remove THEN (NULL)::pg_catalog.text ELSE (r.c1)::pg_catalog.text END, t."Sort"::pg_catalog.text, CASE WHEN r.remove THEN NULL::pg_catalog.bool ELSE t."Sort" IS NOT DISTINCT FROM (r.c1) END),
    ('Made'::pg_catalog.text, 'insert_only'::pg_catalog.text, CASE WHEN r.remove THEN (NULL)::pg_catalog.text ELSE (r.c2)::pg_catalog.text END, t."Made"::pg_catalog.text, CASE WHEN r.remove THEN NULL::pg_catalog.bool ELSE t."Made" IS NOT DISTINCT FROM (r.c2) END),
    ('Stamp'::pg_catalog.text, 'now'::pg_catalog.text, CASE WHEN r.remove THEN (NULL)::pg_catalog.text ELSE (NULL)::pg_catalog.text END, t."Stamp"::pg_catalog.text, CASE WHEN r.remove THEN NULL::pg_catalog.bool ELSE NULL::pg_catalog.bool END),
    ('Extra'::pg_catalog.text, 'compared'::pg_catalog.text, CASE WHEN r.remove THEN (NULL)::pg_catalog.text ELSE (r.c4)::pg_catalog.text END, t."Extra"::pg_catalog.text, CASE WHEN r.remove THEN NULL::pg_catalog.bool ELSE t."Extra"::pg_catalog.text IS NOT DISTINCT FROM (r.c4)::pg_catalog.text END),
    ('Alive'::pg_catalog.text, 'compared'::pg_catalog.text, CASE WHEN r.remove THEN (d.c0)::pg_catalog.text ELSE (CASE WHEN r.present THEN r.c5 ELSE d.c0 END)::pg_catalog.text END, t."Alive"::pg_catalog.text, CASE WHEN r.remove THEN t."Alive" IS NOT DISTINCT FROM (d.c0) ELSE t."Alive" IS NOT DISTINCT FROM (CASE WHEN r.present THEN r.c5 ELSE d.c0 END) END)) AS c("column", rule, vnext, legacy, same) WHERE c."column" IS NOT NULL) AS columns
FROM (SELECT w.n, w."do" & 1 <> 0 AS present, w."do" & 2 <> 0 AS "write", w."do" & 4 <> 0 AS "create", w."do" & 8 <> 0 AS remove, w.k0 AS k0, w.p AS p, w.c0 AS c0, w.c1 AS c1, w.c2 AS c2, (w.c4)::pg_catalog.json AS c4, w.c5 AS c5
FROM (SELECT pg_catalog.unnest(p.n) AS n, pg_catalog.unnest(p."do") AS "do", pg_catalog.unnest(p.k0) AS k0, pg_catalog.unnest(p.p) AS p, pg_catalog.unnest(p.c0) AS c0, pg_catalog.unnest(p.c1) AS c1, pg_catalog.unnest(p.c2) AS c2, pg_catalog.unnest(p.c4) AS c4, pg_catalog.unnest(p.c5) AS c5
      FROM pg_catalog.json_to_record($1::pg_catalog.json) AS p(n pg_catalog.int4[], "do" pg_catalog.int4[], k0 pg_catalog.int8[], p pg_catalog.int8[], c0 pg_catalog.text[], c1 pg_catalog.bpchar(3)[], c2 pg_catalog.date[], c4 pg_catalog.text[], c5 pg_catalog.bool[])) w
) r
CROSS JOIN pg_catalog.json_to_record(pg_catalog.json_build_object('c0', 'false'::pg_catalog.text, 'c1', NULL::pg_catalog.text)) AS d(c0 pg_catalog.bool, c1 pg_catalog.text)
LEFT JOIN "Old"."Group" t ON t."Id" = r.k0


-- seat: key
SELECT pg_catalog.array_to_json(ARRAY[w.k0::pg_catalog.text, w.k1::pg_catalog.text]::pg_catalog.text[]) AS key, source."A" IS NOT NULL AS found,
       pg_catalog.array_to_json(ARRAY[source."Account"::pg_catalog.text, source."Group"::pg_catalog.text]::pg_catalog.text[]) AS identity
FROM (SELECT $1::pg_catalog.int4 AS k0, $2::pg_catalog.text AS k1) w
LEFT JOIN "New"."Seat" source ON source."A" = w.k0 AND source."B" = w.k1


-- seat: rows
SELECT pg_catalog.array_to_json(ARRAY[source."A"::pg_catalog.text, source."B"::pg_catalog.text]::pg_catalog.text[]) AS key
FROM "New"."Seat" source WHERE source."Account" = $1::pg_catalog.int8 AND source."Group" = $2::pg_catalog.int8
ORDER BY source."A", source."B" LIMIT 20


-- seat: owner
SELECT pg_catalog.array_to_json(ARRAY[$1::pg_catalog.int8::pg_catalog.text, p."N"::pg_catalog.text]::pg_catalog.text[]) AS identity
FROM "Map"."Group Map" p WHERE p."O" = $2::pg_catalog.int8


-- seat: compare
SELECT t."User" IS NOT NULL AS found,
       CASE WHEN pg_catalog.current_setting('track_commit_timestamp') = 'on' AND t."User" IS NOT NULL
            THEN pg_catalog.to_char(pg_catalog.pg_xact_commit_timestamp(t.xmin) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
       END AS written_at,
       (SELECT coalesce(pg_catalog.json_agg(c.*), '[]')
        FROM (VALUES ('User'::pg_catalog.text, 'key'::pg_catalog.text, CASE WHEN r.remove THEN (r.k0)::pg_catalog.text ELSE (r.k0)::pg_catalog.text END, t."User"::pg_catalog.text, CASE WHEN r.remove THEN t."User" IS NOT DISTINCT FROM (r.k0) ELSE t."User" IS NOT DISTINCT FROM (r.k0) END),
    ('G'::pg_catalog.text, 'key'::pg_catalog.text, CASE WHEN r.remove THEN (r.k1)::pg_catalog.text ELSE (r.k1)::pg_catalog.text END, t."G"::pg_catalog.text, CASE WHEN r.remove THEN t."G" IS NOT DISTINCT FROM (r.k1) ELSE t."G" IS NOT DISTINCT FROM (r.k1) END)) AS c("column", rule, vnext, legacy, same) WHERE c."column" IS NOT NULL) AS columns
FROM (SELECT w.n, w."do" & 1 <> 0 AS present, w."do" & 2 <> 0 AS "write", w."do" & 4 <> 0 AS "create", w."do" & 8 <> 0 AS remove, w.k0 AS k0, w.k1 AS k1
FROM (SELECT pg_catalog.unnest(p.n) AS n, pg_catalog.unnest(p."do") AS "do", pg_catalog.unnest(p.k0) AS k0, pg_catalog.unnest(p.k1) AS k1
      FROM pg_catalog.json_to_record($1::pg_catalog.json) AS p(n pg_catalog.int4[], "do" pg_catalog.int4[], k0 pg_catalog.int4[], k1 pg_catalog.int8[])) w
) r
LEFT JOIN "Old"."Seat" t ON t."User" = r.k0 AND t."G" = r.k1


-- tag: key
SELECT pg_catalog.array_to_json(ARRAY[w.k0::pg_catalog.text]::pg_catalog.text[]) AS key, source."Id" IS NOT NULL AS found,
       pg_catalog.array_to_json(ARRAY[source."Code"::pg_catalog.text]::pg_catalog.text[]) AS identity
FROM (SELECT $1::pg_catalog.int8 AS k0) w
LEFT JOIN "New"."Tag" source ON source."Id" = w.k0


-- tag: rows
SELECT pg_catalog.array_to_json(ARRAY[source."Id"::pg_catalog.text]::pg_catalog.text[]) AS key
FROM "New"."Tag" source WHERE source."Code" = $1::pg_catalog.text
ORDER BY source."Id" LIMIT 20


-- tag: owner
SELECT pg_catalog.array_to_json(ARRAY[$1::pg_catalog.text::pg_catalog.text]::pg_catalog.text[]) AS identity


-- tag: compare
SELECT t."Code" IS NOT NULL AS found,
       CASE WHEN pg_catalog.current_setting('track_commit_timestamp') = 'on' AND t."Code" IS NOT NULL
            THEN pg_catalog.to_char(pg_catalog.pg_xact_commit_timestamp(t.xmin) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
       END AS written_at,
       (SELECT coalesce(pg_catalog.json_agg(c.*), '[]')
        FROM (VALUES ('Code'::pg_catalog.text, 'key'::pg_catalog.text, CASE WHEN r.remove THEN (r.k0)::pg_catalog.text ELSE (r.k0)::pg_catalog.text END, t."Code"::pg_catalog.text, CASE WHEN r.remove THEN t."Code" IS NOT DISTINCT FROM (r.k0) ELSE t."Code" IS NOT DISTINCT FROM (r.k0) END),
    ('Note'::pg_catalog.text, 'compared'::pg_catalog.text, CASE WHEN r.remove THEN (NULL)::pg_catalog.text ELSE (r.c1)::pg_catalog.text END, t."Note"::pg_catalog.text, CASE WHEN r.remove THEN NULL::pg_catalog.bool ELSE t."Note" IS NOT DISTINCT FROM (r.c1) END),
    ('Label'::pg_catalog.text, 'compared'::pg_catalog.text, CASE WHEN r.remove THEN (NULL)::pg_catalog.text ELSE (r.c2)::pg_catalog.text END, t."Label"::pg_catalog.text, CASE WHEN r.remove THEN NULL::pg_catalog.bool ELSE t."Label" IS NOT DISTINCT FROM (r.c2) END)) AS c("column", rule, vnext, legacy, same) WHERE c."column" IS NOT NULL) AS columns
FROM (SELECT w.n, w."do" & 1 <> 0 AS present, w."do" & 2 <> 0 AS "write", w."do" & 4 <> 0 AS "create", w."do" & 8 <> 0 AS remove, w.k0 AS k0, w.c1 AS c1, w.c2 AS c2
FROM (SELECT pg_catalog.unnest(p.n) AS n, pg_catalog.unnest(p."do") AS "do", pg_catalog.unnest(p.k0) AS k0, pg_catalog.unnest(p.c1) AS c1, pg_catalog.unnest(p.c2) AS c2
      FROM pg_catalog.json_to_record($1::pg_catalog.json) AS p(n pg_catalog.int4[], "do" pg_catalog.int4[], k0 pg_catalog."varchar"(10)[], c1 pg_catalog.text[], c2 pg_catalog.text[])) w
) r
LEFT JOIN "Old"."Tag" t ON t."Code" = r.k0


