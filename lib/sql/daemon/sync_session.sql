-- sync_session.sql: asks the guard for this transaction to be a sync session, and says which transaction that is.
SELECT pg_catalog.set_config('dualwrite.sync_session', pg_catalog.pg_current_xact_id()::pg_catalog.text, true) AS xid
