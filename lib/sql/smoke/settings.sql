-- smoke/settings.sql: the transaction of a test row. The actor is what the log then shows. Answers the transaction's id.
SELECT pg_catalog.set_config('dualwrite.actor_id', 'smoke', true), pg_catalog.pg_current_xact_id()::pg_catalog.text AS xid
