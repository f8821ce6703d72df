-- read_only.sql: within the savepoint: the mapping's expressions may not write. The end of the savepoint ends it.
SET TRANSACTION READ ONLY
