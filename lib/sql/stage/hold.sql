-- stage/hold.sql: a row lock that nobody is left to let go ends after this time, whatever became of us.
SELECT pg_catalog.set_config('idle_in_transaction_session_timeout', '90s', true)
