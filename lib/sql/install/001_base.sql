-- 001_base.sql: the dualwrite schema without anything that depends on a mapping (that is capture_*.sql and guard.sql).
-- Runs inside the one transaction of `install`, as a role that may create schemas. 001_base.undo.sql is its inverse.
-- The role dualwrite_daemon exists by then (roles.sql).

CREATE SCHEMA dualwrite;
COMMENT ON SCHEMA dualwrite IS 'dualwrited: outbox, flags and bookkeeping of the legacy dual write';

-- What install decided for every daemon: schema_version, partitions, mapping_digest, guard, channel.
CREATE TABLE dualwrite.setting (
    key text PRIMARY KEY,
    value text NOT NULL,
    changed_at timestamptz NOT NULL DEFAULT now(),
    changed_by text NOT NULL DEFAULT session_user
);

CREATE FUNCTION dualwrite.setting(wanted text) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$ SELECT s.value FROM dualwrite.setting s WHERE s.key = wanted $$;

---------------------------------------------------------------------------------------------------------------------
-- Flags. `published` is what install said; safest_first orders the values, the safest one first.
CREATE TABLE dualwrite.flag (
    flag text PRIMARY KEY,
    safest_first text[] NOT NULL,
    published text NOT NULL,
    published_at timestamptz NOT NULL DEFAULT now(),
    published_by text NOT NULL DEFAULT session_user,
    CONSTRAINT flag_value_known CHECK (published = ANY (safest_first))
);
INSERT INTO dualwrite.flag (flag, safest_first, published) VALUES
    ('TEAM_VNEXT_DUAL_WRITE_ENABLED', '{false,true}', 'false'),
    ('TEAM_VNEXT_DUAL_WRITE_STRICT_MODE', '{false,true}', 'false'),
    ('TEAM_LEGACY_WRITE_BLOCKED', '{true,false}', 'true'),
    ('TEAM_LEGACY_WRITE_BYPASS_ENABLED', '{false,true}', 'false'),
    ('TEAM_VNEXT_ADAPTER_ENABLED', '{false,true}', 'false'),
    ('TEAM_VNEXT_FORCE_LEGACY', '{true,false}', 'false'),
    ('TEAM_VNEXT_ROUTING_MODE', '{legacy_only,auto,vnext_primary,vnext_only}', 'legacy_only');

-- An operator's word that beats every file and environment until it is taken back.
CREATE TABLE dualwrite.override (
    flag text PRIMARY KEY REFERENCES dualwrite.flag,
    value text NOT NULL,
    who text NOT NULL DEFAULT session_user,
    at timestamptz NOT NULL DEFAULT now(),
    why text
);

CREATE FUNCTION dualwrite.check_override() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    allowed text[];
BEGIN
    SELECT f.safest_first INTO allowed FROM dualwrite.flag f WHERE f.flag = NEW.flag;
    IF allowed IS NULL THEN
        RETURN NEW; -- the foreign key says that there is no such flag
    END IF;
    IF NEW.value = ANY (allowed) IS NOT TRUE THEN
        RAISE EXCEPTION '% cannot be %', NEW.flag, quote_literal(NEW.value)
            USING ERRCODE = 'check_violation', HINT = 'It takes one of ' || array_to_string(allowed, ', ') || '.';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER check_override BEFORE INSERT OR UPDATE ON dualwrite.override
    FOR EACH ROW EXECUTE FUNCTION dualwrite.check_override();

---------------------------------------------------------------------------------------------------------------------
-- Every running daemon, by its beat. A row that stopped beating counts for nothing after ten seconds.
CREATE TABLE dualwrite.daemon (
    instance uuid PRIMARY KEY,
    host text NOT NULL,
    pid integer NOT NULL,
    version text NOT NULL,
    mapping_digest text NOT NULL,
    flags jsonb NOT NULL,
    listening boolean NOT NULL,
    state text NOT NULL,
    started_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    beat_at timestamptz NOT NULL DEFAULT clock_timestamp()
) WITH (fillfactor = 50);

-- Beats are as old as the snapshot they are seen in: one of REPEATABLE READ is compared with its transaction's own time.
CREATE VIEW dualwrite.live_daemon AS
    SELECT * FROM dualwrite.daemon d
    WHERE d.beat_at > CASE WHEN current_setting('transaction_isolation') IN ('repeatable read', 'serializable')
                           THEN now() ELSE clock_timestamp() END - interval '10 seconds';

-- Effective is the override, else the safest of the live daemons' views, else what was last published.
CREATE VIEW dualwrite.effective_flag AS
    SELECT f.flag,
           coalesce(o.value, live.safest, f.published) AS value,
           CASE WHEN o.value IS NOT NULL THEN 'override'
                WHEN live.safest IS NOT NULL THEN 'daemons'
                ELSE 'published' END AS source,
           coalesce(live.views > 1, false) AS disagreement,
           f.published,
           o.value AS override, o.who AS override_who, o.at AS override_at, o.why AS override_why
    FROM dualwrite.flag f
    LEFT JOIN dualwrite.override o ON o.flag = f.flag
    LEFT JOIN LATERAL (
        SELECT f.safest_first[min(array_position(f.safest_first, d.flags ->> f.flag))] AS safest,
               count(DISTINCT d.flags ->> f.flag) AS views
        FROM dualwrite.live_daemon d
    ) live ON true;

CREATE FUNCTION dualwrite.flag_is_on(wanted text) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$ SELECT e.value = 'true' FROM dualwrite.effective_flag e WHERE e.flag = wanted $$;

-- Whatever daemons must hear of at once: flags, overrides, daemons that come, go or change their mind.
CREATE FUNCTION dualwrite.ring_control() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM pg_notify('dualwrite_control', '');
    RETURN NULL;
END $$;
CREATE TRIGGER ring_control AFTER INSERT OR UPDATE OR DELETE ON dualwrite.flag
    FOR EACH STATEMENT EXECUTE FUNCTION dualwrite.ring_control();
CREATE TRIGGER ring_control AFTER INSERT OR UPDATE OR DELETE ON dualwrite.setting
    FOR EACH STATEMENT EXECUTE FUNCTION dualwrite.ring_control();
CREATE TRIGGER ring_control AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON dualwrite.override
    FOR EACH STATEMENT EXECUTE FUNCTION dualwrite.ring_control();
CREATE TRIGGER ring_control AFTER INSERT OR DELETE ON dualwrite.daemon
    FOR EACH ROW EXECUTE FUNCTION dualwrite.ring_control();
CREATE TRIGGER ring_control_changed AFTER UPDATE ON dualwrite.daemon FOR EACH ROW
    WHEN (OLD.flags IS DISTINCT FROM NEW.flags OR OLD.mapping_digest IS DISTINCT FROM NEW.mapping_digest)
    EXECUTE FUNCTION dualwrite.ring_control();

-- The partitions that are this daemon's to work on: dealt out in turn among the live daemons that run the installed
-- mapping, and none while dual write is off. Derived from the beats each time it is asked; the advisory lock that a
-- batch takes per partition is what makes it safe when two daemons see different beats.
CREATE FUNCTION dualwrite.partitions_of(wanted uuid) RETURNS SETOF integer
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

---------------------------------------------------------------------------------------------------------------------
-- The outbox: a doorbell per change, never the change itself. `ref` holds, as text, the source columns that lead to
-- the legacy row: key, identity and parent, in the mapping's order. An ack deletes by id.
CREATE TABLE dualwrite.outbox (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    captured_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    bucket smallint NOT NULL,
    entity text NOT NULL,
    operation text NOT NULL,
    ref text[] NOT NULL,
    actor text
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000,
        autovacuum_vacuum_insert_scale_factor = 0, autovacuum_vacuum_insert_threshold = 50000,
        autovacuum_vacuum_cost_delay = 0);

-- The id from which on capture raises resync marks instead of filling the disk; moved along by the daemons. A sequence
-- because a trigger must see it outside its own snapshot and without a lock.
CREATE SEQUENCE dualwrite.outbox_ceiling MINVALUE 0 START 0;

-- Events that failed: waiting for retry_at, or parked (retry_at is null) until their row changes or somebody asks.
CREATE TABLE dualwrite.failed (
    event_id bigint PRIMARY KEY,
    xid xid8 NOT NULL,
    captured_at timestamptz NOT NULL,
    bucket smallint NOT NULL,
    entity text NOT NULL,
    operation text NOT NULL,
    ref text[] NOT NULL,
    actor text,
    attempts integer NOT NULL,
    sqlstate text,
    exception_type text,
    constraint_name text,
    message text NOT NULL,
    first_failed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    last_failed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    retry_at timestamptz
);
-- by hash: a text key may be longer than an index takes
CREATE INDEX failed_by_ref ON dualwrite.failed (entity, hash_array_extended(ref, 0));

-- Tables whose changes were not captured one by one (TRUNCATE, a full outbox). The mark itself is a sequence of its
-- own per entity, raised outside MVCC; this row says how far it has been dealt with. `barrier` is a transaction id
-- taken after `seen`: only when every older transaction has ended does a scan see what the mark was raised for.
CREATE TABLE dualwrite.resync (
    entity text PRIMARY KEY,
    seen bigint NOT NULL DEFAULT 0,
    handled bigint NOT NULL DEFAULT 0,
    barrier xid8,
    position text[],
    queued bigint NOT NULL DEFAULT 0
);

-- The acting user as the application set it: text, cut, never cast; empty counts as unknown.
CREATE FUNCTION dualwrite.actor() RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$ SELECT left(nullif(current_setting('dualwrite.actor_id', true), ''), 64) $$;

-- True while a daemon sleeps on this partition's doorbell. Read through the sequence, so outside MVCC. Never where
-- two-phase commit is possible: PREPARE TRANSACTION refuses a transaction that has notified, so daemons poll there.
CREATE FUNCTION dualwrite.asleep(partition integer) RETURNS boolean
LANGUAGE sql VOLATILE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT pg_sequence_last_value(('dualwrite.doorbell_' || partition)::regclass)
           > extract(epoch FROM clock_timestamp()) * 1000
       AND current_setting('max_prepared_transactions') = '0'
$$;

-- A value that the mapping's value map does not know and has no "otherwise" for: that row fails, by name. STABLE,
-- because a volatile function would keep the planner from reading only the wanted rows.
CREATE FUNCTION dualwrite.unmapped(place text, value text) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RAISE EXCEPTION 'the value map of % has no entry for %', place, quote_literal(value)
        USING ERRCODE = 'invalid_parameter_value', HINT = 'Add the value, or an "otherwise", to the mapping file.';
END $$;

-- A legacy key that the sequence gave and that a row has already: writing it would overwrite that row.
CREATE FUNCTION dualwrite.key_taken(table_schema text, table_name text, key_column text, key anyelement)
    RETURNS anyelement
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RAISE EXCEPTION 'the next key for %.%, % = %, is taken by another row; its sequence is behind the table: %',
                    table_schema, table_name, key_column, key,
                    format('SELECT setval(pg_get_serial_sequence(%L, %L), max(%I)) FROM %I.%I;',
                           format('%I.%I', table_schema, table_name), key_column, key_column, table_schema, table_name)
        USING ERRCODE = 'unique_violation', SCHEMA = table_schema, TABLE = table_name, COLUMN = key_column;
END $$;

---------------------------------------------------------------------------------------------------------------------
-- The guard of the legacy tables (its triggers: guard.sql).
CREATE TABLE dualwrite.legacy_write (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    login_role text NOT NULL,
    acting_role text NOT NULL,
    application_name text NOT NULL,
    client_addr inet,
    legacy_table text NOT NULL,
    operation text NOT NULL,
    row_count bigint,
    why text NOT NULL
);
CREATE INDEX legacy_write_at ON dualwrite.legacy_write (at);

-- Who acts, seen from inside a SECURITY DEFINER function: the role of SET ROLE, else the login. (current_user is the
-- function's owner there.)
CREATE FUNCTION dualwrite.acting_role() RETURNS name
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT CASE current_setting('role') WHEN 'none' THEN session_user ELSE current_setting('role')::name END
$$;

-- A sync session takes both: a role that was granted dualwrite_daemon, and this very transaction having asked with
-- set_config('dualwrite.sync_session', pg_current_xact_id()::text, true). A value left behind in a pooled session
-- names another transaction and opens nothing.
CREATE FUNCTION dualwrite.is_sync_session() RETURNS boolean
LANGUAGE sql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
    SELECT coalesce(current_setting('dualwrite.sync_session', true) = pg_current_xact_id_if_assigned()::text
                    AND pg_has_role(dualwrite.acting_role(), 'dualwrite_daemon', 'MEMBER'), false)
$$;

-- Whether a write that is not ours is refused; the error when it is.
CREATE FUNCTION dualwrite.refuse_write(operation text, table_schema name, table_name name) RETURNS void
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF dualwrite.setting('guard') <> 'on'
       OR dualwrite.flag_is_on('TEAM_LEGACY_WRITE_BYPASS_ENABLED')
       OR NOT dualwrite.flag_is_on('TEAM_LEGACY_WRITE_BLOCKED') THEN
        RETURN;
    END IF;
    RAISE EXCEPTION 'LEGACY_WRITE_BLOCKED: % on %.% is refused for role %', operation, table_schema, table_name,
                    dualwrite.acting_role()
        USING ERRCODE = 'DW003', SCHEMA = table_schema, TABLE = table_name,
              HINT = 'Write the vNext table; dualwrited keeps this one in step. '
                     'In an emergency set TEAM_LEGACY_WRITE_BYPASS_ENABLED=true; such writes are recorded.';
END $$;

-- Before a TRUNCATE, which has no rows to count.
CREATE FUNCTION dualwrite.guard_refuse() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NOT dualwrite.is_sync_session() THEN
        PERFORM dualwrite.refuse_write(TG_OP, TG_TABLE_SCHEMA, TG_TABLE_NAME);
    END IF;
    RETURN NULL;
END $$;

-- After a statement, so that one that touched no row is neither refused nor recorded.
CREATE FUNCTION dualwrite.guard_record() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    touched bigint;
BEGIN
    IF dualwrite.is_sync_session() THEN
        RETURN NULL;
    END IF;
    IF TG_OP <> 'TRUNCATE' THEN
        SELECT count(*) INTO touched FROM changed;
        IF touched = 0 THEN
            RETURN NULL;
        END IF;
        PERFORM dualwrite.refuse_write(TG_OP, TG_TABLE_SCHEMA, TG_TABLE_NAME);
    END IF;
    INSERT INTO dualwrite.legacy_write (login_role, acting_role, application_name, client_addr, legacy_table, operation,
                                        row_count, why)
    SELECT session_user, dualwrite.acting_role(), current_setting('application_name'), inet_client_addr(),
           format('%I.%I', TG_TABLE_SCHEMA, TG_TABLE_NAME), TG_OP, touched,
           CASE WHEN dualwrite.setting('guard') <> 'on' THEN 'guard ' || dualwrite.setting('guard')
                WHEN dualwrite.flag_is_on('TEAM_LEGACY_WRITE_BYPASS_ENABLED') THEN 'bypass'
                ELSE 'not blocked' END;
    RETURN NULL;
END $$;

---------------------------------------------------------------------------------------------------------------------
-- Rights: the daemons' role, and nobody else.
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA dualwrite FROM PUBLIC;
GRANT USAGE ON SCHEMA dualwrite TO dualwrite_daemon;
GRANT SELECT ON ALL TABLES IN SCHEMA dualwrite TO dualwrite_daemon;
GRANT INSERT, UPDATE, DELETE ON dualwrite.daemon, dualwrite.outbox, dualwrite.failed, dualwrite.resync
    TO dualwrite_daemon;
GRANT SELECT, UPDATE ON dualwrite.outbox_ceiling TO dualwrite_daemon;
GRANT SELECT ON SEQUENCE dualwrite.outbox_id_seq TO dualwrite_daemon;
GRANT EXECUTE ON FUNCTION dualwrite.setting(text), dualwrite.flag_is_on(text), dualwrite.partitions_of(uuid),
    dualwrite.unmapped(text, text), dualwrite.key_taken(text, text, text, anyelement),
    dualwrite.is_sync_session(), dualwrite.acting_role(), dualwrite.actor(),
    dualwrite.asleep(integer)
    TO dualwrite_daemon;
