-- backend.sql: the session's own number. Through a pooler it is not the one that the client was told.
SELECT pg_catalog.pg_backend_pid()
