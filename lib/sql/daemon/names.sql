-- names.sql: for this transaction, so that catalog.sql prints every name with its schema, and is not compiled: that takes longer.
SELECT pg_catalog.set_config('search_path', 'pg_catalog', true), pg_catalog.set_config('jit', 'off', true)
