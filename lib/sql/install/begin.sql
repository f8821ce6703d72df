-- begin.sql: opens the transaction of install and uninstall: one at a time, with a catalog view that qualifies names,
-- and never a long queue of writers behind a lock that we wait for.
BEGIN;
SET LOCAL search_path = pg_catalog;
SET LOCAL lock_timeout = '500ms';
SET LOCAL client_min_messages = notice;
SELECT pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtextextended('dualwrite.install', 0));
