-- by_index.sql: in the transaction of a batch rows are found through the indexes of their keys. To hash or to scan a table looks
-- cheap as long as it is small, and costs twice as much even then.
SELECT pg_catalog.set_config('enable_seqscan', 'off', true),
       pg_catalog.set_config('enable_hashjoin', 'off', true),
       pg_catalog.set_config('enable_mergejoin', 'off', true)
