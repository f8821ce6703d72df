-- integrity/alert_lock.sql: one at a time tells target $2 of pack $1; whoever comes at the same moment waits, and then knows what was
-- told. To the end of the transaction, in which nothing is asked while the target answers.
SELECT pg_catalog.set_config('idle_in_transaction_session_timeout', '60s', true), pg_catalog.set_config('lock_timeout', '20s', true),
       pg_catalog.pg_advisory_xact_lock(1685414255, pg_catalog.hashtext(pg_catalog.concat($2::pg_catalog.text, '/', $1::pg_catalog.text)))
