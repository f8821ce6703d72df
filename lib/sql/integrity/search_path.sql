-- integrity/search_path.sql: the SQL of a pack that is not about the mapping may leave out the schema $1. The server's own names
-- come first, temporary ones last. And a check finds few rows, which a planner that knows nothing of its expressions does not
-- expect: it would not read a large table with several processes for fear of having to hand them over.
SELECT pg_catalog.set_config('search_path', 'pg_catalog, ' || pg_catalog.quote_ident($1) || ', pg_temp', true),
       pg_catalog.set_config('parallel_tuple_cost', '0.001', true)
