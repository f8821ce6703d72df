-- constraints/lint_path.sql: functions that are tried go to a schema that nobody else sees, of a transaction that is taken back.
SELECT pg_catalog.set_config('search_path', 'pg_temp, ' || pg_catalog.quote_ident($1), true)
