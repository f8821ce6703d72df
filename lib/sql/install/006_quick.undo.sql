-- 006_quick.undo.sql: the exact inverse of 006_quick.sql, back to version 5. Not needed by uninstall, which drops the schema; run
-- by hand, it lets version 5's `install` take over again.
CREATE OR REPLACE FUNCTION dualwrite.setting(wanted text) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$ SELECT s.value FROM dualwrite.setting s WHERE s.key = wanted $$;
CREATE OR REPLACE FUNCTION dualwrite.flag_is_on(wanted text) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$ SELECT e.value = 'true' FROM dualwrite.effective_flag e WHERE e.flag = wanted $$;
CREATE OR REPLACE FUNCTION dualwrite.actor() RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$ SELECT left(nullif(current_setting('dualwrite.actor_id', true), ''), 64) $$;
CREATE OR REPLACE FUNCTION dualwrite.asleep(partition integer) RETURNS boolean
LANGUAGE sql VOLATILE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT pg_sequence_last_value(('dualwrite.doorbell_' || partition)::regclass)
           > extract(epoch FROM clock_timestamp()) * 1000
       AND current_setting('max_prepared_transactions') = '0'
$$;
CREATE OR REPLACE FUNCTION dualwrite.acting_role() RETURNS name
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT CASE current_setting('role') WHEN 'none' THEN session_user ELSE current_setting('role')::name END
$$;
CREATE OR REPLACE FUNCTION dualwrite.is_sync_session() RETURNS boolean
LANGUAGE sql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
    SELECT coalesce(current_setting('dualwrite.sync_session', true) = pg_current_xact_id_if_assigned()::text
                    AND pg_has_role(dualwrite.acting_role(), 'dualwrite_daemon', 'MEMBER'), false)
$$;
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
UPDATE dualwrite.setting SET value = '5' WHERE key = 'schema_version' AND value = '6';
