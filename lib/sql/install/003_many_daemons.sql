-- 003_many_daemons.sql: what version 3 adds: a queue whose claims cost the same however much waits or has been deleted,
-- failed events found by the row that they are about, daemons that end the sessions of dead ones, strict mode's
-- await_sync. Runs after 002_two_databases.sql in both databases. 003_many_daemons.undo.sql is its inverse.

---------------------------------------------------------------------------------------------------------------------
-- The queue. A claim reads the outbox in the order of transaction ids and begins behind what it knows to be gone, so that it
-- meets neither what it passed before nor rows that are deleted and cannot be vacuumed because somebody holds an old snapshot.
CREATE INDEX outbox_by_xid ON dualwrite.outbox (xid, id);

-- Up to `wanted` events of the partitions `held` (there are `partitions` of them in all): of the transactions `open`, and of
-- those that come after event `after` of transaction `low`. A call looks at no more than 64 rows for each that is wanted; when
-- these are used up, a last row without an entity says how far it came. With the settings the plan is the one that it was made
-- for, whatever the statistics of a queue say.
CREATE FUNCTION dualwrite.waiting_events(held integer[], partitions integer, low xid8, after bigint, open xid8[],
                                         up_to bigint, wanted integer)
    RETURNS TABLE (id bigint, xid xid8, captured_at timestamptz, entity text, operation text, ref text[], actor text,
                   late boolean)
LANGUAGE plpgsql STABLE ROWS 100 SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET enable_bitmapscan = off SET enable_sort = off SET enable_incremental_sort = off AS $$
#variable_conflict use_column
DECLARE
    open_xid xid8;
    missing integer := wanted;
    found_now integer;
BEGIN
    FOREACH open_xid IN ARRAY open LOOP
        RETURN QUERY
        SELECT o.id, o.xid, o.captured_at, o.entity, o.operation, o.ref, o.actor, true FROM dualwrite.outbox o
        WHERE o.xid = open_xid AND (o.xid, o.id) <= (low, after)
          AND o.bucket * partitions / 1024 = ANY (held) AND (up_to IS NULL OR o.id <= up_to)
        ORDER BY o.xid, o.id LIMIT missing;
        GET DIAGNOSTICS found_now = ROW_COUNT;
        missing := missing - found_now;
        IF missing = 0 THEN
            RETURN;
        END IF;
    END LOOP;
    RETURN QUERY
    SELECT o.id, o.xid, o.captured_at, o.entity, o.operation, o.ref, o.actor, false
    FROM (SELECT * FROM dualwrite.outbox o WHERE (o.xid, o.id) > (low, after) ORDER BY o.xid, o.id LIMIT 64 * wanted) o
    WHERE o.bucket * partitions / 1024 = ANY (held) AND (up_to IS NULL OR o.id <= up_to)
    LIMIT missing;
    GET DIAGNOSTICS found_now = ROW_COUNT;
    IF found_now < missing THEN
        RETURN QUERY
        SELECT o.id, o.xid, NULL::timestamptz, NULL, NULL, NULL::text[], NULL, false FROM dualwrite.outbox o
        WHERE (o.xid, o.id) > (low, after) ORDER BY o.xid, o.id OFFSET 64 * wanted - 1 LIMIT 1;
    END IF;
END $$;

---------------------------------------------------------------------------------------------------------------------
-- Failed events, found by the legacy row that they are about (identity), by its parent (the parent's source key) and by the
-- legacy row that has the value which they want (holder, its key), so that a parked one is tried again when one of the three
-- changes. The daemon fills them in: which parts of ref the first two are, the mapping says. Those that failed before this version are tried once more, and come back with them.
ALTER TABLE dualwrite.failed ADD COLUMN identity text[], ADD COLUMN parent text, ADD COLUMN holder text[];
DROP INDEX dualwrite.failed_by_ref;
-- by hash: a text key may be longer than an index takes
CREATE INDEX failed_by_identity ON dualwrite.failed (entity, hash_array_extended(identity, 0));
CREATE INDEX failed_by_parent ON dualwrite.failed (entity, hashtextextended(parent, 0)) WHERE parent IS NOT NULL;
CREATE INDEX failed_by_holder ON dualwrite.failed (entity, hash_array_extended(holder, 0)) WHERE holder IS NOT NULL;
CREATE INDEX failed_by_retry ON dualwrite.failed (retry_at) WHERE retry_at IS NOT NULL;
CREATE INDEX failed_by_xid ON dualwrite.failed (xid);
UPDATE dualwrite.failed SET retry_at = clock_timestamp();

-- Of several failed events of one row only the newest is kept. await_sync must still find the transactions of the others;
-- nobody waits longer than the ten minutes that they are kept.
CREATE TABLE dualwrite.superseded (
    xid xid8 NOT NULL,
    event_id bigint NOT NULL REFERENCES dualwrite.failed ON DELETE CASCADE,
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (xid, event_id)
);
CREATE INDEX superseded_by_event ON dualwrite.superseded (event_id);
CREATE INDEX superseded_by_time ON dualwrite.superseded (at);

---------------------------------------------------------------------------------------------------------------------
-- The backend that a daemon claims with, so that its peers can tell whose session holds a partition: one that is no live
-- daemon's is ended by whoever should work there.
ALTER TABLE dualwrite.daemon ADD COLUMN claim_pid integer;

-- As in 001_base.sql, but a beat from a time to come counts for nothing either: the server's clock went back, and a daemon that
-- died before would live on until the clock is there again. Those that are alive beat anew within seconds.
CREATE OR REPLACE VIEW dualwrite.live_daemon AS
    SELECT d.instance, d.host, d.pid, d.version, d.mapping_digest, d.flags, d.listening, d.state, d.started_at, d.beat_at
    FROM dualwrite.daemon d
    WHERE CASE WHEN current_setting('transaction_isolation') IN ('repeatable read', 'serializable')
               THEN d.beat_at > now() - interval '10 seconds'
               ELSE d.beat_at > clock_timestamp() - interval '10 seconds'
                    AND d.beat_at < clock_timestamp() + interval '10 seconds' END;

-- As in 001_base.sql, but not to one whose batch has had no answer for a while: its other connection may be cut off while the
-- one that beats is not. Its peers hear of it at once.
CREATE OR REPLACE FUNCTION dualwrite.partitions_of(wanted uuid) RETURNS SETOF integer
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT p
    FROM (SELECT d.instance,
                 row_number() OVER (ORDER BY d.started_at, d.instance) - 1 AS rank,
                 count(*) OVER () AS daemons
          FROM dualwrite.live_daemon d
          WHERE d.mapping_digest = dualwrite.setting('mapping_digest') AND d.state <> 'stalled') live,
         generate_series(0, dualwrite.setting('partitions')::integer - 1) p
    WHERE live.instance = wanted AND p % live.daemons = live.rank
      AND dualwrite.flag_is_on('TEAM_VNEXT_DUAL_WRITE_ENABLED')
$$;
CREATE TRIGGER ring_control_stalled AFTER UPDATE ON dualwrite.daemon FOR EACH ROW
    WHEN ((OLD.state = 'stalled') <> (NEW.state = 'stalled'))
    EXECUTE FUNCTION dualwrite.ring_control();

-- Two databases: the newest batch of each partition whose legacy transaction is known to have committed. A legacy database
-- whose fence is below that was restored from an older copy.
CREATE TABLE dualwrite.lease (
    partition integer PRIMARY KEY,
    epoch bigint NOT NULL DEFAULT 0
) WITH (fillfactor = 50);
INSERT INTO dualwrite.lease (partition) SELECT generate_series(0, 63);
COMMENT ON TABLE dualwrite.lease IS 'vNext side: the newest batch of each partition that legacy is known to have';

-- Which server, timeline and database this is: another one after a failover or a restore, when the last transactions of the
-- one before may be missing here, and legacy has them. NULL where a server does not say.
CREATE FUNCTION dualwrite.lineage() RETURNS text
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN (SELECT s.system_identifier || '/' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8) || '/' || d.oid
            FROM pg_control_system() s, pg_database d WHERE d.datname = current_database());
EXCEPTION WHEN OTHERS THEN
    RETURN NULL;
END $$;
CREATE TABLE dualwrite.lineage (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    known text NOT NULL
);
COMMENT ON TABLE dualwrite.lineage IS 'vNext side: the server, timeline and database that the daemons worked with last';

---------------------------------------------------------------------------------------------------------------------
-- How far `reconcile` has got, per entity: it goes on there after it was killed, on whichever host. Used in the vNext
-- database. One run at a time; a new one forgets the one before.
CREATE TABLE dualwrite.reconcile (
    entity text PRIMARY KEY,
    place integer NOT NULL, -- parents come first
    mapping_digest text NOT NULL,
    pass text NOT NULL DEFAULT 'vnext' CHECK (pass IN ('vnext', 'legacy', 'done')),
    position text[], -- the last key of that pass; NULL: it has not begun
    vnext_rows bigint NOT NULL DEFAULT 0,
    vnext_seen bigint NOT NULL DEFAULT 0,
    legacy_rows bigint NOT NULL DEFAULT 0,
    legacy_seen bigint NOT NULL DEFAULT 0,
    unmapped bigint NOT NULL DEFAULT 0,
    started_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    moved_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- What it found: which rows, never what they hold. `open` is not confirmed yet; the other states are final but `queued`.
CREATE TABLE dualwrite.reconcile_finding (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    entity text NOT NULL REFERENCES dualwrite.reconcile ON DELETE CASCADE,
    class text NOT NULL CHECK (class IN ('missing', 'drifted', 'extra', 'refused')),
    state text NOT NULL CHECK (state IN ('open', 'confirmed', 'parked', 'queued', 'fixed', 'unfixed')),
    ref text[] NOT NULL, -- as an event's
    identity text[] NOT NULL,
    removal boolean NOT NULL, -- it takes a removal to mend it
    mendable boolean NOT NULL, -- an event may mend it
    columns text[] NOT NULL DEFAULT '{}', -- drifted: those that differ
    event_id bigint -- queued: with this event
);
CREATE INDEX reconcile_finding_by_identity ON dualwrite.reconcile_finding (entity, hash_array_extended(identity, 0));
CREATE INDEX reconcile_finding_by_state ON dualwrite.reconcile_finding (state, id);
GRANT SELECT, INSERT, UPDATE, DELETE ON dualwrite.reconcile, dualwrite.reconcile_finding TO dualwrite_daemon;

---------------------------------------------------------------------------------------------------------------------
-- Strict mode. The transactions that queued rows for a resync: while one of their events waits the table is not yet what
-- the mark asked for.
ALTER TABLE dualwrite.resync ADD COLUMN chunks xid8[] NOT NULL DEFAULT '{}';

-- Whether a mark that may be transaction `txid`'s is not dealt with. The rows for it were queued by later transactions: they
-- waited for this one to end (resync_begin.sql). One that is parked counts: it may be what this transaction changed.
CREATE FUNCTION dualwrite.resync_pending(txid xid8) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT EXISTS (
        SELECT FROM dualwrite.resync r
        WHERE coalesce(pg_sequence_last_value(('dualwrite.resync_' || r.entity)::regclass), 0) > r.handled
           OR EXISTS (SELECT FROM unnest(r.chunks) c(xid)
                      WHERE c.xid > txid AND (EXISTS (SELECT FROM dualwrite.outbox o WHERE o.xid = c.xid)
                                              OR EXISTS (SELECT FROM dualwrite.failed f WHERE f.xid = c.xid))))
$$;

-- Whether every event of a transaction that has ended is applied, as it can be seen now: 'applied'; 'waiting'; 'retrying'
-- or 'failed', with the cause; 'resync' where a mark stands that may be this transaction's.
CREATE FUNCTION dualwrite.sync_state(txid xid8, OUT state text, OUT cause text, OUT detail text)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    f record;
BEGIN
    IF EXISTS (SELECT FROM dualwrite.outbox o WHERE o.xid = txid) THEN
        state := 'waiting';
        RETURN;
    END IF;
    -- after the look into the outbox: an event goes from there to here, never back
    SELECT x.* INTO f
    FROM dualwrite.failed x
    WHERE x.xid = txid OR x.event_id IN (SELECT s.event_id FROM dualwrite.superseded s WHERE s.xid = txid)
    ORDER BY x.retry_at IS NOT NULL, x.event_id LIMIT 1;
    IF FOUND THEN
        state := CASE WHEN f.retry_at IS NULL THEN 'failed' ELSE 'retrying' END;
        cause := format('%s of %s %s failed: %s', f.operation, f.entity, f.ref[1], f.message);
        detail := format('event %s, attempt %s, SQLSTATE %s (%s)%s', f.event_id, f.attempts, coalesce(f.sqlstate, 'none'),
                         coalesce(f.exception_type, 'no condition'), ', constraint ' || f.constraint_name);
        RETURN;
    END IF;
    state := CASE WHEN dualwrite.resync_pending(txid) THEN 'resync' ELSE 'applied' END;
END $$;

CREATE FUNCTION dualwrite.strict_sync() RETURNS boolean
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT dualwrite.flag_is_on('TEAM_VNEXT_DUAL_WRITE_ENABLED')
       AND dualwrite.flag_is_on('TEAM_VNEXT_DUAL_WRITE_STRICT_MODE')
$$;

-- One look of a client that waits since `since`: for how many milliseconds it should sleep before the next one, NULL when
-- it need not wait any more; raises what strict mode promises. The pause grows with the time waited already, so a wait is
-- at most a quarter longer than it must be, and one that lasts costs next to nothing.
CREATE FUNCTION dualwrite.sync_pause_ms(txid xid8, timeout_ms integer, since timestamptz) RETURNS integer
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    waited integer := extract(epoch FROM clock_timestamp() - since) * 1000;
    pause integer := least(greatest(waited / 4, 2), 500);
    look record;
    status text;
BEGIN
    IF txid IS NULL THEN
        RETURN NULL; -- a transaction without an id has written nothing
    END IF;
    IF timeout_ms IS NULL OR timeout_ms < 0 THEN
        RAISE EXCEPTION 'await_sync: timeout_ms cannot be %', coalesce(timeout_ms::text, 'NULL')
            USING ERRCODE = 'invalid_parameter_value', HINT = 'Give the milliseconds to wait at most, 0 for one look.';
    END IF;
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION 'await_sync: called above READ COMMITTED, where it would never see the sync'
            USING ERRCODE = 'invalid_parameter_value', HINT = 'Call it after COMMIT, in a READ COMMITTED transaction.';
    END IF;
    IF txid = pg_current_xact_id_if_assigned() THEN
        RAISE EXCEPTION 'await_sync: called inside the transaction that it waits for'
            USING ERRCODE = 'invalid_parameter_value',
                  HINT = 'Read pg_current_xact_id() in the transaction, COMMIT, and call it then.';
    END IF;
    IF coalesce(dualwrite.setting('side'), 'both') = 'legacy' THEN
        RAISE EXCEPTION 'await_sync: called in the legacy database'
            USING ERRCODE = 'object_not_in_prerequisite_state', HINT = 'Call it where the vNext tables are.';
    END IF;
    -- the flags are asked at first, and once in a while: they may be turned off meanwhile
    IF (pause <= 2 OR pause >= 250) AND NOT dualwrite.strict_sync() THEN
        RETURN NULL;
    END IF;
    BEGIN
        status := pg_xact_status(txid);
    EXCEPTION WHEN invalid_parameter_value THEN
        RAISE EXCEPTION 'await_sync: transaction % is in the future', txid
            USING ERRCODE = 'invalid_parameter_value',
                  HINT = 'Give what pg_current_xact_id() returned inside the transaction.';
    END;
    IF status = 'aborted' THEN
        RETURN NULL;
    END IF;
    IF status = 'in progress' THEN
        SELECT 'open' AS state, 'the transaction has not ended' AS cause, NULL AS detail INTO look;
    ELSE
        SELECT * INTO look FROM dualwrite.sync_state(txid);
    END IF;
    IF look.state = 'applied' THEN
        RETURN NULL;
    END IF;
    IF look.state = 'failed' OR (look.state = 'retrying' AND waited >= timeout_ms) THEN
        RAISE EXCEPTION 'DUAL_WRITE_FAILED: %', look.cause
            USING ERRCODE = 'DW001', DETAIL = look.detail,
                  HINT = CASE look.state WHEN 'failed' THEN 'It is tried again when its row, its parent or who has its value changes, or '
                         'on `dualwrited failed retry`.' ELSE 'It is tried again by itself.' END;
    END IF;
    IF look.state = 'resync' THEN
        RAISE EXCEPTION 'DUAL_WRITE_TIMEOUT: a table awaits a resync, and nothing says whether transaction % is applied', txid
            USING ERRCODE = 'DW002', HINT = 'See `dualwrited status`.';
    END IF;
    IF waited >= timeout_ms THEN
        RAISE EXCEPTION 'DUAL_WRITE_TIMEOUT: transaction % is not applied after % ms: %', txid, waited,
                        coalesce(look.cause, 'its events wait in the queue')
            USING ERRCODE = 'DW002',
                  HINT = CASE WHEN EXISTS (SELECT FROM dualwrite.live_daemon) THEN 'It will be applied. See `dualwrited '
                         'status` for the lag.' ELSE 'No daemon is running.' END;
    END IF;
    RETURN least(pause, timeout_ms - waited);
END $$;

-- Returns once every event of transaction `txid` is applied to the legacy tables. In strict mode raises DW001 when one has
-- failed, DW002 when the time is up or a table awaits a resync; without strict mode, or with dual write off, returns at once.
CREATE FUNCTION dualwrite.await_sync(txid xid8, timeout_ms integer DEFAULT 5000) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    since CONSTANT timestamptz := clock_timestamp();
    pause integer;
BEGIN
    LOOP
        pause := dualwrite.sync_pause_ms(txid, timeout_ms, since);
        EXIT WHEN pause IS NULL;
        PERFORM pg_sleep(pause / 1000.0);
    END LOOP;
END $$;
COMMENT ON FUNCTION dualwrite.await_sync(xid8, integer) IS
    'waits until the legacy tables have what transaction txid committed; strict mode: DW001 failed, DW002 not in time';

-- The same without a snapshot held while it waits: a SELECT keeps its own until it ends, and with that holds back vacuum; a
-- procedure may end its transaction between two looks. So it can only be called outside of a transaction block. SECURITY
-- INVOKER and without a setting of its own, or it could not.
CREATE PROCEDURE dualwrite.await_synced(txid xid8, timeout_ms integer DEFAULT 5000)
LANGUAGE plpgsql AS $$
DECLARE
    since CONSTANT pg_catalog.timestamptz := pg_catalog.clock_timestamp();
    pause pg_catalog.int4;
BEGIN
    LOOP
        pause := dualwrite.sync_pause_ms(txid, timeout_ms, since);
        COMMIT;
        EXIT WHEN pause IS NULL;
        PERFORM pg_catalog.pg_sleep(pause OPERATOR(pg_catalog./) 1000.0);
    END LOOP;
END $$;
COMMENT ON PROCEDURE dualwrite.await_synced(xid8, integer) IS
    'await_sync for CALL outside of a transaction block; holds no snapshot while it waits';

---------------------------------------------------------------------------------------------------------------------
-- Rows that want each other's values get placeholders first (apply/yield.sql). One that the legacy side does not let go of
-- again must not stay: this fails the group that it was written in.
CREATE FUNCTION dualwrite.placeholder_left(table_schema text, table_name text) RETURNS boolean
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RAISE EXCEPTION 'a trigger or rule on %.% does not let a placeholder be replaced, so rows that want each other''s unique '
                    'values cannot be written', table_schema, table_name
        USING ERRCODE = 'triggered_data_change_violation',
              HINT = 'Give one of the rows another value in vNext, wait until it is synced, and change it back.';
END $$;
GRANT EXECUTE ON FUNCTION dualwrite.placeholder_left(text, text) TO dualwrite_daemon;

---------------------------------------------------------------------------------------------------------------------
-- Rights. What PUBLIC may do is in install/public.sql, which is run after every installation.
GRANT INSERT, DELETE, UPDATE, SELECT ON dualwrite.superseded TO dualwrite_daemon;
GRANT SELECT, UPDATE ON dualwrite.lease TO dualwrite_daemon;
GRANT SELECT, INSERT, UPDATE ON dualwrite.lineage TO dualwrite_daemon;
GRANT EXECUTE ON FUNCTION dualwrite.lineage() TO dualwrite_daemon;
GRANT EXECUTE ON FUNCTION dualwrite.resync_pending(xid8),
    dualwrite.waiting_events(integer[], integer, xid8, bigint, xid8[], bigint, integer) TO dualwrite_daemon;
