-- 003_many_daemons.undo.sql: the exact inverse of 003_many_daemons.sql, back to version 2. Not needed by uninstall, which drops
-- the schema; run by hand, it lets version 2's `install` take over again.
REVOKE USAGE ON SCHEMA dualwrite FROM PUBLIC;
DROP FUNCTION dualwrite.placeholder_left(text, text);
DROP PROCEDURE dualwrite.await_synced(xid8, integer);
DROP FUNCTION dualwrite.await_sync(xid8, integer);
DROP FUNCTION dualwrite.sync_pause_ms(xid8, integer, timestamptz);
DROP FUNCTION dualwrite.strict_sync();
DROP FUNCTION dualwrite.sync_state(xid8);
DROP FUNCTION dualwrite.resync_pending(xid8);
ALTER TABLE dualwrite.resync DROP COLUMN chunks;
DROP TABLE dualwrite.reconcile_finding;
DROP TABLE dualwrite.reconcile;
DROP TABLE dualwrite.lineage;
DROP FUNCTION dualwrite.lineage();
DROP TABLE dualwrite.lease;
DROP TRIGGER ring_control_stalled ON dualwrite.daemon;
CREATE OR REPLACE FUNCTION dualwrite.partitions_of(wanted uuid) RETURNS SETOF integer
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT p
    FROM (SELECT d.instance,
                 row_number() OVER (ORDER BY d.started_at, d.instance) - 1 AS rank,
                 count(*) OVER () AS daemons
          FROM dualwrite.live_daemon d
          WHERE d.mapping_digest = dualwrite.setting('mapping_digest')) live,
         generate_series(0, dualwrite.setting('partitions')::integer - 1) p
    WHERE live.instance = wanted AND p % live.daemons = live.rank
      AND dualwrite.flag_is_on('TEAM_VNEXT_DUAL_WRITE_ENABLED')
$$;
ALTER TABLE dualwrite.daemon DROP COLUMN claim_pid;
CREATE OR REPLACE VIEW dualwrite.live_daemon AS
    SELECT * FROM dualwrite.daemon d
    WHERE d.beat_at > CASE WHEN current_setting('transaction_isolation') IN ('repeatable read', 'serializable')
                           THEN now() ELSE clock_timestamp() END - interval '10 seconds';
DROP TABLE dualwrite.superseded;
DROP INDEX dualwrite.failed_by_xid, dualwrite.failed_by_retry, dualwrite.failed_by_parent,
    dualwrite.failed_by_holder, dualwrite.failed_by_identity;
ALTER TABLE dualwrite.failed DROP COLUMN holder, DROP COLUMN parent, DROP COLUMN identity;
CREATE INDEX failed_by_ref ON dualwrite.failed (entity, hash_array_extended(ref, 0));
DROP FUNCTION dualwrite.waiting_events(integer[], integer, xid8, bigint, xid8[], bigint, integer);
DROP INDEX dualwrite.outbox_by_xid;
DELETE FROM dualwrite.setting WHERE key = 'works_with';
UPDATE dualwrite.setting SET value = '2' WHERE key = 'schema_version' AND value = '3';
