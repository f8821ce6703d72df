-- verdict.sql: did the transaction $1, whose COMMIT we did not hear the answer to, take place?
SELECT pg_catalog.pg_xact_status($1::pg_catalog.text::pg_catalog.xid8)
