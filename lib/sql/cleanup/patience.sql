-- cleanup/patience.sql: the transaction waits for the other database meanwhile, and for the statements of the one who asked ($1).
SELECT pg_catalog.set_config('idle_in_transaction_session_timeout', '10min', true),
       pg_catalog.set_config('statement_timeout', $1::pg_catalog.text, true)
