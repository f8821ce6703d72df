-- integrity/undo_begin.sql: mend $1, held until the end: when it was, and who has undone it when.
SELECT m.at::pg_catalog.text AS at, m.who, m.undone_at::pg_catalog.text AS undone_at, m.undone_by
FROM dualwrite.mend m WHERE m.id = $1::pg_catalog.int8 FOR UPDATE
