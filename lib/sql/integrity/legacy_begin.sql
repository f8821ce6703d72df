-- integrity/legacy_begin.sql: opens the look of a check that joins legacy's rows. vNext is seen as it is now, before they come: what
-- is written meanwhile has its legacy row already, and vNext is not asked about it.
BEGIN ISOLATION LEVEL REPEATABLE READ READ WRITE
