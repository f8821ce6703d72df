-- report/session.sql: after daemon/session.sql: one side may wait for the other's rows, sorting may take some memory of the
-- server's instead of its disk, and cursors are read to their end: planned for their first rows they visit a million rows
-- one by one.
SELECT pg_catalog.set_config('idle_in_transaction_session_timeout', '0', true), pg_catalog.set_config('work_mem', '64MB', true),
       pg_catalog.set_config('cursor_tuple_fraction', '1', true)
