-- barrier.sql: a fresh transaction id: every transaction that may have missed the doorbell is older.
SELECT pg_catalog.pg_current_xact_id() AS barrier
