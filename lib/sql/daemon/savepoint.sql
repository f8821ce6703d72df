-- savepoint.sql: before each group of subjects; a failure inside is taken back to here.
SAVEPOINT dualwrite_group
