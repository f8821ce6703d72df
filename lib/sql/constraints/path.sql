-- constraints/path.sql: what a part is made with; it is also what its functions pin with SET search_path FROM CURRENT. The server's
-- own names come first without being named, so new functions go to schema $1. A lock is waited for so long that an autovacuum
-- gives way (deadlock_timeout), and no longer: whoever comes behind waits too.
SELECT pg_catalog.set_config('search_path', pg_catalog.quote_ident($1) || ', pg_temp', true),
       pg_catalog.set_config('lock_timeout', '1500ms', true)
