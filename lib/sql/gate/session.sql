-- gate/session.sql: after daemon/session.sql: counting joins may take some memory of the server's instead of its disk, and one
-- side may wait for the other's answer.
SELECT pg_catalog.set_config('work_mem', '64MB', true), pg_catalog.set_config('idle_in_transaction_session_timeout', '0', true)
