-- constraints.sql: deferred constraints must fail here, where the savepoint can contain them, and not at COMMIT.
SET CONSTRAINTS ALL IMMEDIATE
