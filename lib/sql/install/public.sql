-- install/public.sql: what everybody may do in the schema, and nothing else: wait for the sync of his own transaction.
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA dualwrite FROM PUBLIC;
REVOKE ALL ON ALL PROCEDURES IN SCHEMA dualwrite FROM PUBLIC;
GRANT USAGE ON SCHEMA dualwrite TO PUBLIC;
GRANT EXECUTE ON FUNCTION dualwrite.await_sync(pg_catalog.xid8, pg_catalog.int4),
    dualwrite.sync_pause_ms(pg_catalog.xid8, pg_catalog.int4, pg_catalog.timestamptz) TO PUBLIC;
GRANT EXECUTE ON PROCEDURE dualwrite.await_synced(pg_catalog.xid8, pg_catalog.int4) TO PUBLIC;
