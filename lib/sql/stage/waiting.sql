-- stage/waiting.sql: how many events of the row wait or have failed. $1 entity, $2 key, $3 how many columns that is.
SELECT (SELECT pg_catalog.count(*) FROM dualwrite.outbox o
        WHERE o.entity = $1 AND o.ref[1:$3::pg_catalog.int4] = $2::pg_catalog.text[]),
       (SELECT pg_catalog.count(*) FROM dualwrite.failed f
        WHERE f.entity = $1 AND f.ref[1:$3::pg_catalog.int4] = $2::pg_catalog.text[])
