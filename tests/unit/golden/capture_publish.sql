GRANT USAGE ON SCHEMA "public" TO dualwrite_daemon;
GRANT SELECT ON "public"."organizations_team" TO dualwrite_daemon;
GRANT USAGE ON SCHEMA "public" TO dualwrite_daemon;
GRANT SELECT, INSERT, UPDATE ON "public"."teams_team" TO dualwrite_daemon;
GRANT USAGE ON SEQUENCE public.teams_team_id_seq TO dualwrite_daemon;
GRANT USAGE ON SCHEMA "public" TO dualwrite_daemon;
GRANT SELECT, INSERT, UPDATE ON "public"."organizations_teammigrationmap" TO dualwrite_daemon;
GRANT USAGE ON SCHEMA "public" TO dualwrite_daemon;
GRANT SELECT ON "public"."organizations_teammembership" TO dualwrite_daemon;
GRANT USAGE ON SCHEMA "public" TO dualwrite_daemon;
GRANT SELECT, INSERT, UPDATE ON "public"."teams_teammembership" TO dualwrite_daemon;
DO $$
DECLARE
    g record;
BEGIN
    FOR g IN
        SELECT DISTINCT pg_catalog.quote_ident(r.rolname) AS role
        FROM pg_catalog.pg_default_acl d
        JOIN pg_catalog.pg_namespace n ON n.nspname = 'dualwrite' AND n.nspowner = d.defaclrole
        CROSS JOIN LATERAL pg_catalog.aclexplode(d.defaclacl) a
        JOIN pg_catalog.pg_roles r ON r.oid = a.grantee
        WHERE d.defaclnamespace = 0 AND a.grantee <> d.defaclrole AND r.rolname <> 'dualwrite_daemon'
    LOOP
        EXECUTE 'REVOKE ALL ON ALL TABLES IN SCHEMA dualwrite FROM ' || g.role;
        EXECUTE 'REVOKE ALL ON ALL SEQUENCES IN SCHEMA dualwrite FROM ' || g.role;
        EXECUTE 'REVOKE ALL ON ALL ROUTINES IN SCHEMA dualwrite FROM ' || g.role;
    END LOOP;
    IF EXISTS (SELECT FROM pg_catalog.pg_default_acl d
               JOIN pg_catalog.pg_namespace n ON n.nspname = 'dualwrite' AND n.nspowner = d.defaclrole
               CROSS JOIN LATERAL pg_catalog.aclexplode(d.defaclacl) a
               WHERE d.defaclnamespace = 0 AND a.grantee = 0 AND d.defaclobjtype IN ('r', 'S')) THEN
        REVOKE ALL ON ALL TABLES IN SCHEMA dualwrite FROM PUBLIC;
        REVOKE ALL ON ALL SEQUENCES IN SCHEMA dualwrite FROM PUBLIC;
    END IF;
END $$;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA dualwrite FROM PUBLIC;
REVOKE ALL ON ALL PROCEDURES IN SCHEMA dualwrite FROM PUBLIC;
GRANT USAGE ON SCHEMA dualwrite TO PUBLIC;
GRANT EXECUTE ON FUNCTION dualwrite.await_sync(pg_catalog.xid8, pg_catalog.int4),
    dualwrite.sync_pause_ms(pg_catalog.xid8, pg_catalog.int4, pg_catalog.timestamptz) TO PUBLIC;
GRANT EXECUTE ON PROCEDURE dualwrite.await_synced(pg_catalog.xid8, pg_catalog.int4) TO PUBLIC;
GRANT SELECT, UPDATE ON SEQUENCE dualwrite.doorbell_0 TO dualwrite_daemon;
GRANT SELECT, UPDATE ON SEQUENCE dualwrite.doorbell_1 TO dualwrite_daemon;
GRANT SELECT, UPDATE ON SEQUENCE dualwrite.resync_team TO dualwrite_daemon;
INSERT INTO dualwrite.resync (entity) VALUES ('team') ON CONFLICT DO NOTHING;
GRANT SELECT, UPDATE ON SEQUENCE dualwrite.resync_membership TO dualwrite_daemon;
INSERT INTO dualwrite.resync (entity) VALUES ('membership') ON CONFLICT DO NOTHING;
INSERT INTO dualwrite.setting AS s (key, value) VALUES ('partitions', '2') ON CONFLICT (key) DO UPDATE SET value = excluded.value, changed_at = excluded.changed_at, changed_by = excluded.changed_by WHERE s.value IS DISTINCT FROM excluded.value;
INSERT INTO dualwrite.setting AS s (key, value) VALUES ('channel', 'dualwrite') ON CONFLICT (key) DO UPDATE SET value = excluded.value, changed_at = excluded.changed_at, changed_by = excluded.changed_by WHERE s.value IS DISTINCT FROM excluded.value;
DO $capture$
DECLARE
    e record;
BEGIN
    FOR e IN
        SELECT r.entity,
               coalesce(pg_catalog.pg_sequence_last_value(
                   pg_catalog.to_regclass(pg_catalog.format('dualwrite.%I', 'resync_' || r.entity))), 0) > r.handled AS marked
        FROM dualwrite.resync r
        WHERE r.entity <> ALL (ARRAY['team', 'membership']::pg_catalog.text[])
          AND NOT EXISTS (SELECT FROM dualwrite.outbox o WHERE o.entity = r.entity)
          AND NOT EXISTS (SELECT FROM dualwrite.failed f WHERE f.entity = r.entity)
    LOOP
        DELETE FROM dualwrite.resync WHERE entity = e.entity;
        IF NOT e.marked THEN
            EXECUTE pg_catalog.format('DROP SEQUENCE IF EXISTS dualwrite.%I', 'resync_' || e.entity);
        END IF;
    END LOOP;
END $capture$;
SELECT pg_catalog.setval('dualwrite.outbox_ceiling', 5000000000);
INSERT INTO dualwrite.setting AS s (key, value) VALUES ('schema_version', '6') ON CONFLICT (key) DO UPDATE SET value = excluded.value, changed_at = excluded.changed_at, changed_by = excluded.changed_by WHERE s.value IS DISTINCT FROM excluded.value;
INSERT INTO dualwrite.setting AS s (key, value) VALUES ('works_with', '3') ON CONFLICT (key) DO UPDATE SET value = excluded.value, changed_at = excluded.changed_at, changed_by = excluded.changed_by WHERE s.value IS DISTINCT FROM excluded.value;
INSERT INTO dualwrite.setting AS s (key, value) VALUES ('side', 'both') ON CONFLICT (key) DO UPDATE SET value = excluded.value, changed_at = excluded.changed_at, changed_by = excluded.changed_by WHERE s.value IS DISTINCT FROM excluded.value;
INSERT INTO dualwrite.setting AS s (key, value) VALUES ('guard', 'on') ON CONFLICT (key) DO UPDATE SET value = excluded.value, changed_at = excluded.changed_at, changed_by = excluded.changed_by WHERE s.value IS DISTINCT FROM excluded.value;
INSERT INTO dualwrite.setting AS s (key, value) VALUES ('mapping_digest', 'd1') ON CONFLICT (key) DO UPDATE SET value = excluded.value, changed_at = excluded.changed_at, changed_by = excluded.changed_by WHERE s.value IS DISTINCT FROM excluded.value;
INSERT INTO dualwrite.setting AS s (key, value) VALUES ('hang_digest', 'd2') ON CONFLICT (key) DO UPDATE SET value = excluded.value, changed_at = excluded.changed_at, changed_by = excluded.changed_by WHERE s.value IS DISTINCT FROM excluded.value;
UPDATE dualwrite.resync r SET seen = r.handled, position = NULL
WHERE r.position IS NOT NULL
  AND (SELECT s.value FROM dualwrite.setting s WHERE s.key = 'ref_layout') IS DISTINCT FROM 'team:id';
INSERT INTO dualwrite.setting AS s (key, value) VALUES ('ref_layout', 'team:id') ON CONFLICT (key) DO UPDATE SET value = excluded.value, changed_at = excluded.changed_at, changed_by = excluded.changed_by WHERE s.value IS DISTINCT FROM excluded.value;
UPDATE dualwrite.flag SET published = 'false', published_at = pg_catalog.now(), published_by = session_user WHERE flag = 'TEAM_VNEXT_DUAL_WRITE_ENABLED' AND published <> 'false';
UPDATE dualwrite.flag SET published = 'false', published_at = pg_catalog.now(), published_by = session_user WHERE flag = 'TEAM_VNEXT_DUAL_WRITE_STRICT_MODE' AND published <> 'false';
UPDATE dualwrite.flag SET published = 'true', published_at = pg_catalog.now(), published_by = session_user WHERE flag = 'TEAM_LEGACY_WRITE_BLOCKED' AND published <> 'true';
UPDATE dualwrite.flag SET published = 'false', published_at = pg_catalog.now(), published_by = session_user WHERE flag = 'TEAM_LEGACY_WRITE_BYPASS_ENABLED' AND published <> 'false';
UPDATE dualwrite.flag SET published = 'false', published_at = pg_catalog.now(), published_by = session_user WHERE flag = 'TEAM_VNEXT_ADAPTER_ENABLED' AND published <> 'false';
UPDATE dualwrite.flag SET published = 'false', published_at = pg_catalog.now(), published_by = session_user WHERE flag = 'TEAM_VNEXT_FORCE_LEGACY' AND published <> 'false';
UPDATE dualwrite.flag SET published = 'legacy_only', published_at = pg_catalog.now(), published_by = session_user WHERE flag = 'TEAM_VNEXT_ROUTING_MODE' AND published <> 'legacy_only';
