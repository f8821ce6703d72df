-- cleanup/note.sql: what is about to be deleted in two databases: $1 entity, $2 column, $3 pattern, $4 the keys of the roots, $5 how
-- many legacy rows they have.
INSERT INTO dualwrite.cleanup (entity, column_name, pattern, roots, legacy_rows)
VALUES ($1, $2, $3, $4::pg_catalog.jsonb, $5::pg_catalog.int8) RETURNING id
