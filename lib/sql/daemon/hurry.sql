-- hurry.sql: a row of this batch was locked by somebody else. Each further one would be waited for at every split, while
-- the rows that this transaction has written stay locked for others.
SELECT pg_catalog.set_config('lock_timeout', '50ms', true), pg_catalog.set_config('statement_timeout', '1s', true)
