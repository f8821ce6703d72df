-- integrity/undo_end.sql: mend $1 is undone.
UPDATE dualwrite.mend SET undone_at = pg_catalog.clock_timestamp(), undone_by = session_user WHERE id = $1::pg_catalog.int8
