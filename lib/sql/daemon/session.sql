-- session.sql: how the transaction of a batch works, in either database. $1 statement_timeout. row_security off makes a
-- policy an error instead of missing rows; the rest fixes how values look as text, so that every daemon and both databases
-- read and write them alike, without loss. What is committed is on disk: with two databases one of them may crash after the
-- other has acknowledged, or has used a key that was reserved here. Nothing is compiled: that takes seconds, each time.
SELECT pg_catalog.set_config('search_path', 'pg_catalog', true),
       pg_catalog.set_config('jit', 'off', true),
       pg_catalog.set_config('row_security', 'off', true),
       pg_catalog.set_config('timezone', 'UTC', true),
       pg_catalog.set_config('datestyle', 'ISO, YMD', true),
       pg_catalog.set_config('intervalstyle', 'postgres', true),
       pg_catalog.set_config('extra_float_digits', '1', true),
       pg_catalog.set_config('bytea_output', 'hex', true),
       pg_catalog.set_config('array_nulls', 'on', true),
       pg_catalog.set_config('xmloption', 'content', true),
       pg_catalog.set_config('transform_null_equals', 'off', true),
       pg_catalog.set_config('standard_conforming_strings', 'on', true),
       pg_catalog.set_config('synchronous_commit', CASE pg_catalog.current_setting('synchronous_commit') WHEN 'off' THEN 'local'
                             ELSE pg_catalog.current_setting('synchronous_commit') END, true),
       pg_catalog.set_config('statement_timeout', $1::pg_catalog.text, true),
       pg_catalog.set_config('lock_timeout', '2s', true),
       pg_catalog.set_config('idle_in_transaction_session_timeout', '10s', true),
       pg_catalog.set_config('tcp_keepalives_idle', '5', true), pg_catalog.set_config('tcp_keepalives_interval', '3', true),
       pg_catalog.set_config('tcp_keepalives_count', '3', true), pg_catalog.set_config('tcp_user_timeout', '15000', true)
