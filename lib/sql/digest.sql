-- digest.sql: the fingerprint of a text, as every daemon and install compute it.
SELECT pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to($1, 'UTF8')), 'hex')
