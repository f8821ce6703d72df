-- rollback_to.sql: takes a failed group back.
ROLLBACK TO SAVEPOINT dualwrite_group
