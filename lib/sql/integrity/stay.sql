-- integrity/stay.sql: this session has nothing to ask while `reconcile` runs, however long that takes, and stays all the same. Servers
-- before 14 end none for it.
SELECT pg_catalog.set_config(s.name, '0', false) FROM pg_catalog.pg_settings s WHERE s.name = 'idle_session_timeout'
