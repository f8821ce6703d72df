-- 006_quick.sql: what version 6 changes: small functions that writers and daemons call all the time say the same in plpgsql, which
-- keeps its plans for the session. A function in SQL with a SET clause is planned at each call. Runs after 005_integrity.sql in
-- both databases. 006_quick.undo.sql is its inverse. What each is for stands in 001_base.sql, of partitions_of in
-- 003_many_daemons.sql.
CREATE OR REPLACE FUNCTION dualwrite.setting(wanted text) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN (SELECT s.value FROM dualwrite.setting s WHERE s.key = wanted);
END $$;

CREATE OR REPLACE FUNCTION dualwrite.flag_is_on(wanted text) RETURNS boolean
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN (SELECT e.value = 'true' FROM dualwrite.effective_flag e WHERE e.flag = wanted);
END $$;

CREATE OR REPLACE FUNCTION dualwrite.actor() RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN left(nullif(current_setting('dualwrite.actor_id', true), ''), 64);
END $$;

CREATE OR REPLACE FUNCTION dualwrite.asleep(partition integer) RETURNS boolean
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN pg_sequence_last_value(('dualwrite.doorbell_' || partition)::regclass)
               > date_part('epoch', clock_timestamp()) * 1000
           AND current_setting('max_prepared_transactions') = '0';
END $$;

CREATE OR REPLACE FUNCTION dualwrite.acting_role() RETURNS name
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN CASE current_setting('role') WHEN 'none' THEN session_user ELSE current_setting('role')::name END;
END $$;

CREATE OR REPLACE FUNCTION dualwrite.is_sync_session() RETURNS boolean
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN coalesce(current_setting('dualwrite.sync_session', true) = pg_current_xact_id_if_assigned()::text
                    AND pg_has_role(dualwrite.acting_role(), 'dualwrite_daemon', 'MEMBER'), false);
END $$;

CREATE OR REPLACE FUNCTION dualwrite.partitions_of(wanted uuid) RETURNS SETOF integer
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF dualwrite.flag_is_on('TEAM_VNEXT_DUAL_WRITE_ENABLED') THEN
        RETURN QUERY
        SELECT p
        FROM (SELECT d.instance,
                     row_number() OVER (ORDER BY d.started_at, d.instance) - 1 AS rank,
                     count(*) OVER () AS daemons
              FROM dualwrite.live_daemon d
              WHERE d.mapping_digest = dualwrite.setting('mapping_digest') AND d.state <> 'stalled') live,
             generate_series(0, dualwrite.setting('partitions')::integer - 1) p
        WHERE live.instance = wanted AND p % live.daemons = live.rank;
    END IF;
END $$;
