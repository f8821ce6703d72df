-- org: like
SELECT pg_catalog.array_to_json(ARRAY[t."Id"::pg_catalog.text]::pg_catalog.text[]) AS key, coalesce(t."Id"::pg_catalog.text, '') AS shown
FROM "New"."Org" t WHERE t."Id"::pg_catalog.text LIKE $1::pg_catalog.text ORDER BY t."Id" FOR UPDATE OF t


-- org: rows
SELECT pg_catalog.array_to_json(ARRAY[t."Id"::pg_catalog.text]::pg_catalog.text[]) AS key, coalesce(t."Id"::pg_catalog.text, '') AS shown
FROM "New"."Org" t WHERE (t."Id") IN (SELECT w.k0::pg_catalog.uuid FROM unnest($1::pg_catalog.text[]) w(k0)) ORDER BY t."Id" FOR UPDATE OF t


-- org: legacy rows
SELECT pg_catalog.array_to_json(ARRAY[t."Id"::pg_catalog.text]::pg_catalog.text[]) AS key, coalesce(NULL::pg_catalog.text, '') AS shown
FROM "Old"."O""rg" t WHERE (t."Id") IN (SELECT w.k0::pg_catalog.int8 FROM unnest($1::pg_catalog.text[]) w(k0)) OR (t."Id") IN (SELECT w.k0::pg_catalog.int8 FROM unnest($2::pg_catalog.text[]) w(k0)) ORDER BY t."Id"


-- org: total
SELECT pg_catalog.count(*) FROM (SELECT FROM "Old"."O""rg" LIMIT $1::pg_catalog.int8) t


-- org: delete
DELETE FROM "Old"."O""rg" t WHERE (t."Id") IN (SELECT w.k0::pg_catalog.int8 FROM unnest($1::pg_catalog.text[]) w(k0))


-- org: referring
SELECT pg_catalog.count(*)
FROM "New"."Org" r
WHERE (r."Id") IN (SELECT t."Id" FROM "Old"."O""rg" t WHERE (t."Id") IN (SELECT w.k0::pg_catalog.int8 FROM unnest($1::pg_catalog.text[]) w(k0)))


-- org: referring to itself
SELECT pg_catalog.count(*)
FROM "New"."Org" r
WHERE (r."Id") IN (SELECT t."Id" FROM "New"."Org" t WHERE (t."Id") IN (SELECT w.k0::pg_catalog.uuid FROM unnest($1::pg_catalog.text[]) w(k0))) AND (r."Id") NOT IN (SELECT w.k0::pg_catalog.uuid FROM unnest($2::pg_catalog.text[]) w(k0))


-- group: like
SELECT pg_catalog.array_to_json(ARRAY[t."Id"::pg_catalog.text]::pg_catalog.text[]) AS key, coalesce(t."Id"::pg_catalog.text, '') AS shown
FROM "New"."Group" t WHERE t."Id"::pg_catalog.text LIKE $1::pg_catalog.text ORDER BY t."Id" FOR UPDATE OF t


-- group: rows
SELECT pg_catalog.array_to_json(ARRAY[t."Id"::pg_catalog.text]::pg_catalog.text[]) AS key, coalesce(t."Id"::pg_catalog.text, '') AS shown
FROM "New"."Group" t WHERE (t."Id") IN (SELECT w.k0::pg_catalog.int8 FROM unnest($1::pg_catalog.text[]) w(k0)) ORDER BY t."Id" FOR UPDATE OF t


-- group: legacy rows
SELECT pg_catalog.array_to_json(ARRAY[t."Id"::pg_catalog.text]::pg_catalog.text[]) AS key, coalesce(NULL::pg_catalog.text, '') AS shown
FROM "Old"."Group" t WHERE (t."Id") IN (SELECT w.k0::pg_catalog.int8 FROM unnest($1::pg_catalog.text[]) w(k0)) OR (t."Id") IN (SELECT w.k0::pg_catalog.int8 FROM unnest($2::pg_catalog.text[]) w(k0)) ORDER BY t."Id"


-- group: total
SELECT pg_catalog.count(*) FROM (SELECT FROM "Old"."Group" LIMIT $1::pg_catalog.int8) t


-- group: delete
DELETE FROM "Old"."Group" t WHERE (t."Id") IN (SELECT w.k0::pg_catalog.int8 FROM unnest($1::pg_catalog.text[]) w(k0))


-- group: referring
SELECT pg_catalog.count(*)
FROM "New"."Group" r
WHERE (r."Id") IN (SELECT t."Id" FROM "Old"."Group" t WHERE (t."Id") IN (SELECT w.k0::pg_catalog.int8 FROM unnest($1::pg_catalog.text[]) w(k0)))


-- group: referring to itself
SELECT pg_catalog.count(*)
FROM "New"."Group" r
WHERE (r."Id") IN (SELECT t."Id" FROM "New"."Group" t WHERE (t."Id") IN (SELECT w.k0::pg_catalog.int8 FROM unnest($1::pg_catalog.text[]) w(k0))) AND (r."Id") NOT IN (SELECT w.k0::pg_catalog.int8 FROM unnest($2::pg_catalog.text[]) w(k0))


-- seat: like
SELECT pg_catalog.array_to_json(ARRAY[t."A"::pg_catalog.text, t."B"::pg_catalog.text]::pg_catalog.text[]) AS key, coalesce(t."A"::pg_catalog.text, '') AS shown
FROM "New"."Seat" t WHERE t."A"::pg_catalog.text LIKE $1::pg_catalog.text ORDER BY t."A", t."B" FOR UPDATE OF t


-- seat: rows
SELECT pg_catalog.array_to_json(ARRAY[t."A"::pg_catalog.text, t."B"::pg_catalog.text]::pg_catalog.text[]) AS key, coalesce(t."A"::pg_catalog.text, '') AS shown
FROM "New"."Seat" t WHERE (t."A", t."B") IN (SELECT w.k0::pg_catalog.int4, w.k1::pg_catalog.text FROM unnest($1::pg_catalog.text[], $2::pg_catalog.text[]) w(k0, k1)) ORDER BY t."A", t."B" FOR UPDATE OF t


-- seat: legacy rows
SELECT pg_catalog.array_to_json(ARRAY[t."User"::pg_catalog.text, t."G"::pg_catalog.text]::pg_catalog.text[]) AS key, coalesce(NULL::pg_catalog.text, '') AS shown
FROM "Old"."Seat" t WHERE (t."User", t."G") IN (SELECT w.k0::pg_catalog.int4, w.k1::pg_catalog.int8 FROM unnest($1::pg_catalog.text[], $2::pg_catalog.text[]) w(k0, k1)) OR (t."User", t."G") IN (SELECT w.k0::pg_catalog.int4, w.k1::pg_catalog.int8 FROM unnest($3::pg_catalog.text[], $4::pg_catalog.text[]) w(k0, k1)) ORDER BY t."User", t."G"


-- seat: total
SELECT pg_catalog.count(*) FROM (SELECT FROM "Old"."Seat" LIMIT $1::pg_catalog.int8) t


-- seat: delete
DELETE FROM "Old"."Seat" t WHERE (t."User", t."G") IN (SELECT w.k0::pg_catalog.int4, w.k1::pg_catalog.int8 FROM unnest($1::pg_catalog.text[], $2::pg_catalog.text[]) w(k0, k1))


-- seat: referring
SELECT pg_catalog.count(*)
FROM "New"."Seat" r
WHERE (r."A", r."B") IN (SELECT t."A", t."B" FROM "Old"."Seat" t WHERE (t."User", t."G") IN (SELECT w.k0::pg_catalog.int4, w.k1::pg_catalog.int8 FROM unnest($1::pg_catalog.text[], $2::pg_catalog.text[]) w(k0, k1)))


-- seat: referring to itself
SELECT pg_catalog.count(*)
FROM "New"."Seat" r
WHERE (r."A", r."B") IN (SELECT t."A", t."B" FROM "New"."Seat" t WHERE (t."A", t."B") IN (SELECT w.k0::pg_catalog.int4, w.k1::pg_catalog.text FROM unnest($1::pg_catalog.text[], $2::pg_catalog.text[]) w(k0, k1))) AND (r."A", r."B") NOT IN (SELECT w.k0::pg_catalog.int4, w.k1::pg_catalog.text FROM unnest($3::pg_catalog.text[], $4::pg_catalog.text[]) w(k0, k1))


-- tag: like
SELECT pg_catalog.array_to_json(ARRAY[t."Id"::pg_catalog.text]::pg_catalog.text[]) AS key, coalesce(t."Id"::pg_catalog.text, '') AS shown
FROM "New"."Tag" t WHERE t."Id"::pg_catalog.text LIKE $1::pg_catalog.text ORDER BY t."Id" FOR UPDATE OF t


-- tag: rows
SELECT pg_catalog.array_to_json(ARRAY[t."Id"::pg_catalog.text]::pg_catalog.text[]) AS key, coalesce(t."Id"::pg_catalog.text, '') AS shown
FROM "New"."Tag" t WHERE (t."Id") IN (SELECT w.k0::pg_catalog.int8 FROM unnest($1::pg_catalog.text[]) w(k0)) ORDER BY t."Id" FOR UPDATE OF t


-- tag: legacy rows
SELECT pg_catalog.array_to_json(ARRAY[t."Code"::pg_catalog.text]::pg_catalog.text[]) AS key, coalesce(NULL::pg_catalog.text, '') AS shown
FROM "Old"."Tag" t WHERE (t."Code") IN (SELECT w.k0::pg_catalog."varchar" FROM unnest($1::pg_catalog.text[]) w(k0)) OR (t."Code") IN (SELECT w.k0::pg_catalog."varchar" FROM unnest($2::pg_catalog.text[]) w(k0)) ORDER BY t."Code"


-- tag: total
SELECT pg_catalog.count(*) FROM (SELECT FROM "Old"."Tag" LIMIT $1::pg_catalog.int8) t


-- tag: delete
DELETE FROM "Old"."Tag" t WHERE (t."Code") IN (SELECT w.k0::pg_catalog."varchar" FROM unnest($1::pg_catalog.text[]) w(k0))


-- tag: referring
SELECT pg_catalog.count(*)
FROM "New"."Tag" r
WHERE (r."Id") IN (SELECT t."Id" FROM "Old"."Tag" t WHERE (t."Code") IN (SELECT w.k0::pg_catalog."varchar" FROM unnest($1::pg_catalog.text[]) w(k0)))


-- tag: referring to itself
SELECT pg_catalog.count(*)
FROM "New"."Tag" r
WHERE (r."Id") IN (SELECT t."Id" FROM "New"."Tag" t WHERE (t."Id") IN (SELECT w.k0::pg_catalog.int8 FROM unnest($1::pg_catalog.text[]) w(k0))) AND (r."Id") NOT IN (SELECT w.k0::pg_catalog.int8 FROM unnest($2::pg_catalog.text[]) w(k0))


-- all: events
WITH gone AS MATERIALIZED (
    SELECT ARRAY(SELECT v.value FROM pg_catalog.json_array_elements_text(k.value) WITH ORDINALITY v(value, n) ORDER BY v.n) AS key
    FROM pg_catalog.json_array_elements($2::pg_catalog.json) k
), waiting AS (
    SELECT FROM dualwrite.outbox e
    WHERE e.entity = $1 AND (e.ref[1:$3::pg_catalog.int4] IN (SELECT gone.key FROM gone)
                             OR coalesce(e.ref[$4::pg_catalog.int4] = ANY ($5::pg_catalog.text[]), false))
), failed AS (
    SELECT FROM dualwrite.failed e
    WHERE e.entity = $1 AND (e.ref[1:$3::pg_catalog.int4] IN (SELECT gone.key FROM gone)
                             OR coalesce(e.ref[$4::pg_catalog.int4] = ANY ($5::pg_catalog.text[]), false))
)
SELECT (SELECT pg_catalog.count(*) FROM waiting) AS waiting, (SELECT pg_catalog.count(*) FROM failed) AS failed


-- all: events taken
WITH gone AS MATERIALIZED (
    SELECT ARRAY(SELECT v.value FROM pg_catalog.json_array_elements_text(k.value) WITH ORDINALITY v(value, n) ORDER BY v.n) AS key
    FROM pg_catalog.json_array_elements($2::pg_catalog.json) k
), waiting AS (
    DELETE FROM dualwrite.outbox e
    WHERE e.entity = $1 AND (e.ref[1:$3::pg_catalog.int4] IN (SELECT gone.key FROM gone)
                             OR coalesce(e.ref[$4::pg_catalog.int4] = ANY ($5::pg_catalog.text[]), false)) RETURNING 1
), failed AS (
    DELETE FROM dualwrite.failed e
    WHERE e.entity = $1 AND (e.ref[1:$3::pg_catalog.int4] IN (SELECT gone.key FROM gone)
                             OR coalesce(e.ref[$4::pg_catalog.int4] = ANY ($5::pg_catalog.text[]), false)) RETURNING 1
)
SELECT (SELECT pg_catalog.count(*) FROM waiting) AS waiting, (SELECT pg_catalog.count(*) FROM failed) AS failed


