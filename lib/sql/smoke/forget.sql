-- smoke/forget.sql: takes what is left of events of rows that are gone on both sides. $1 entity, $2 the first column of their keys.
WITH failed AS (
    DELETE FROM dualwrite.failed f WHERE f.entity = $1 AND f.ref[1] = ANY ($2::pg_catalog.text[])
)
DELETE FROM dualwrite.outbox o WHERE o.entity = $1 AND o.ref[1] = ANY ($2::pg_catalog.text[])
