-- constraints/only_one.sql: one `constraints install` or `remove` at a time in a database; the lock goes with the session, so it
-- also says that the server still works on what a program began that was killed.
SELECT pg_catalog.pg_try_advisory_lock(pg_catalog.hashtextextended('dualwrite.constraints', 0)) AS got
