-- check/begin.sql: template. Every look of `check` is a transaction of its own that cannot write: settings hold within it
-- only, so a pooler that gives each transaction another session does no harm. row_security off makes a policy an error
-- instead of missing rows; the rest is as in a daemon's session (hold.sql).
BEGIN TRANSACTION ISOLATION LEVEL READ COMMITTED READ ONLY;
SELECT pg_catalog.set_config('search_path', 'pg_catalog', true),
       pg_catalog.set_config('row_security', 'off', true),
       pg_catalog.set_config('timezone', 'UTC', true),
       pg_catalog.set_config('datestyle', 'ISO, YMD', true),
       pg_catalog.set_config('statement_timeout', ':{timeout}', true),
       pg_catalog.set_config('lock_timeout', '2s', true),
       pg_catalog.set_config('idle_in_transaction_session_timeout', '0', true);
