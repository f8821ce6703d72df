-- integrity/search_path.sql: the SQL of a pack that is not about the mapping may leave out the schema $1. The server's own names
-- come first, temporary ones last.
SELECT pg_catalog.set_config('search_path', 'pg_catalog, ' || pg_catalog.quote_ident($1) || ', pg_temp', true)
