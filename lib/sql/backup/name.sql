-- backup/name.sql: for a session that is about to hold partitions, a name that is not a daemon's (a daemon ends the session of
-- another one that holds one for too long), and patience: it waits for other programs. Not for locks.
SELECT pg_catalog.set_config('application_name', 'dualwrited-rollback', false),
       pg_catalog.set_config('idle_in_transaction_session_timeout', '0', false),
       pg_catalog.set_config('statement_timeout', '0', false), pg_catalog.set_config('row_security', 'off', false),
       pg_catalog.set_config('lock_timeout', '30s', false)
