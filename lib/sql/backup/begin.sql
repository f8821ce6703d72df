-- backup/begin.sql: the transaction whose snapshot a dump is made of.
BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY
