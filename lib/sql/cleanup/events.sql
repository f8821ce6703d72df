-- cleanup/events.sql: template. The events, waiting or failed, of vNext rows of entity $1: those with the keys $2 (JSON, each of $3
-- columns), and those of children of the parents $5, whose key is part $4 of ref. Counted, or taken off the queue.
WITH gone AS MATERIALIZED (
    SELECT ARRAY(SELECT v.value FROM pg_catalog.json_array_elements_text(k.value) WITH ORDINALITY v(value, n) ORDER BY v.n) AS key
    FROM pg_catalog.json_array_elements($2::pg_catalog.json) k
), waiting AS (
    :{verb} dualwrite.outbox e
    WHERE e.entity = $1 AND (e.ref[1:$3::pg_catalog.int4] IN (SELECT gone.key FROM gone)
                             OR coalesce(e.ref[$4::pg_catalog.int4] = ANY ($5::pg_catalog.text[]), false)):{returning}
), failed AS (
    :{verb} dualwrite.failed e
    WHERE e.entity = $1 AND (e.ref[1:$3::pg_catalog.int4] IN (SELECT gone.key FROM gone)
                             OR coalesce(e.ref[$4::pg_catalog.int4] = ANY ($5::pg_catalog.text[]), false)):{returning}
)
SELECT (SELECT pg_catalog.count(*) FROM waiting) AS waiting, (SELECT pg_catalog.count(*) FROM failed) AS failed
