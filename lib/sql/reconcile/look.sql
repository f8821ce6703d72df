-- reconcile/look.sql: opens a look into either database: one snapshot, which cannot write and ends with the chunk.
BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY
