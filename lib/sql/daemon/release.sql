-- release.sql: a group is done.
RELEASE SAVEPOINT dualwrite_group
