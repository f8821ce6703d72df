-- begin.sql: opens the transaction of a batch; READ COMMITTED whatever the default, because each statement must see afresh.
BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE
