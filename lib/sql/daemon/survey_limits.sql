-- survey_limits.sql: for this transaction: a survey writes nothing, and gives up before a notification would wait long behind it.
SELECT pg_catalog.set_config('transaction_read_only', 'on', true), pg_catalog.set_config('statement_timeout', $1, true)
