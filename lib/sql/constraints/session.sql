-- constraints/session.sql: for a statement that cannot be in a transaction. Names without a schema are of schema $1; a statement may
-- take $2 ms, and wait $3 ms for a lock or for a transaction that is older: it blocks no writer meanwhile.
SELECT pg_catalog.set_config('search_path', pg_catalog.quote_ident($1) || ', pg_temp', false),
       pg_catalog.set_config('statement_timeout', $2::pg_catalog.text, false),
       pg_catalog.set_config('lock_timeout', $3::pg_catalog.text, false)
