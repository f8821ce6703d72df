-- backup/epilogue.sql: for psql, after a dump of the vNext database, in its transaction: daemons stand back also with what was
-- restored, and every mapped table is synced anew once they do not: a full reconcile. The events that the dump brings back are
-- this transaction's: under their former ids a claim would look for them before the place that it has come to, where it never
-- looks again.
DO $epilogue$
BEGIN
    IF pg_catalog.to_regclass('dualwrite.override') IS NOT NULL THEN
        INSERT INTO dualwrite.override (flag, value, why)
        VALUES ('TEAM_VNEXT_DUAL_WRITE_ENABLED', 'false',
                coalesce(nullif(pg_catalog.current_setting('dualwrite.standing', true), ''), 'rollback restore is under way'))
        ON CONFLICT (flag) DO UPDATE SET value = excluded.value, who = session_user, at = pg_catalog.now(), why = excluded.why;
        UPDATE dualwrite.outbox SET xid = pg_catalog.pg_current_xact_id();
        DELETE FROM dualwrite.reconcile; -- as in order.sql, which comes after the COMMIT, or not
        PERFORM pg_catalog.nextval(('dualwrite.resync_' || r.entity)::pg_catalog.regclass) FROM dualwrite.resync r;
    END IF;
END $epilogue$;
