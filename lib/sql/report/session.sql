-- report/session.sql: after daemon/session.sql: one side may wait for the other's rows, and sorting may take some memory of
-- the server's instead of its disk.
SELECT pg_catalog.set_config('idle_in_transaction_session_timeout', '0', true), pg_catalog.set_config('work_mem', '64MB', true)
