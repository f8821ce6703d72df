-- no_jit.sql: for this transaction: beats are planned anew each time, and compiling one takes seconds where running it takes
-- milliseconds. Not in read_write.sql, which must come before the first snapshot.
SELECT pg_catalog.set_config('jit', 'off', true)
