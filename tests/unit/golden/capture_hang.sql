CREATE SEQUENCE IF NOT EXISTS dualwrite.doorbell_0 MINVALUE 0 START 0;
CREATE SEQUENCE IF NOT EXISTS dualwrite.doorbell_1 MINVALUE 0 START 0;
CREATE SEQUENCE IF NOT EXISTS dualwrite.resync_team MINVALUE 0 START 1;
CREATE SEQUENCE IF NOT EXISTS dualwrite.resync_membership MINVALUE 0 START 1;
CREATE OR REPLACE FUNCTION dualwrite.capture_team_insert() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $capture$
DECLARE
    -- what dualwrite.actor() says; calls of functions in plpgsql cost more than what these do
    who text := left(nullif(current_setting('dualwrite.actor_id', true), ''), 64);
    one_changed boolean;
    one_operation text;
    one_ref text[];
    one_bucket integer;
    rung bigint;
BEGIN
    IF coalesce(pg_sequence_last_value('dualwrite.outbox_id_seq'::regclass), 0)
           >= coalesce(pg_sequence_last_value('dualwrite.outbox_ceiling'::regclass), 0) THEN
        PERFORM nextval('dualwrite.resync_team') FROM (SELECT FROM new_rows LIMIT 1) c;
        RETURN NULL;
    END IF;
    BEGIN
        SELECT CASE WHEN NOT EXISTS (SELECT FROM new_rows OFFSET 1) THEN e.changed END, e.operation, e.ref,
               coalesce(hashtextextended(e.root, 0) & 1023, 0)
        INTO one_changed, one_operation, one_ref, one_bucket
        FROM (SELECT true AS changed, 'sync_team_created'::text AS operation, ARRAY[n."id"::text] AS ref, n."id"::text AS root FROM new_rows n
WHERE pg_typeof(n."id")::oid < 16384
) e LIMIT 1;
        IF one_changed IS NULL THEN
            IF NOT (SELECT pg_typeof(c."id")::oid < 16384 FROM new_rows c LIMIT 1) THEN
                RAISE datatype_mismatch;
            END IF;
            PERFORM FROM (SELECT true AS changed, 'sync_team_created'::text AS operation, ARRAY[n."id"::text] AS ref, n."id"::text AS root FROM new_rows n
WHERE pg_typeof(n."id")::oid < 16384
) e WHERE false;
        END IF;
    EXCEPTION
        WHEN undefined_column OR undefined_table OR undefined_function OR ambiguous_function OR datatype_mismatch THEN
            PERFORM nextval('dualwrite.resync_team') FROM (SELECT FROM new_rows LIMIT 1) c;
            RETURN NULL;
    END;
    IF one_changed THEN
        INSERT INTO dualwrite.outbox (bucket, entity, operation, ref, actor)
        VALUES (one_bucket, 'team', one_operation, one_ref, who);
        IF pg_sequence_last_value(('dualwrite.doorbell_' || (one_bucket * 2 / 1024))::regclass) > date_part('epoch', clock_timestamp()) * 1000
    AND current_setting('max_prepared_transactions') = '0'
 THEN
            PERFORM pg_notify('dualwrite', (one_bucket * 2 / 1024)::text);
        END IF;
    ELSIF one_changed IS NULL THEN
        WITH queued AS (
            INSERT INTO dualwrite.outbox (bucket, entity, operation, ref, actor)
            SELECT coalesce(hashtextextended(e.root, 0) & 1023, 0), 'team', e.operation, e.ref, who
            FROM (SELECT true AS changed, 'sync_team_created'::text AS operation, ARRAY[n."id"::text] AS ref, n."id"::text AS root FROM new_rows n
WHERE pg_typeof(n."id")::oid < 16384
) e
            RETURNING bucket)
        SELECT count(pg_notify('dualwrite', q.partition::text)) INTO rung
        FROM (SELECT DISTINCT bucket * 2 / 1024 AS partition FROM queued) q
        WHERE pg_sequence_last_value(('dualwrite.doorbell_' || q.partition)::regclass) > date_part('epoch', clock_timestamp()) * 1000
    AND current_setting('max_prepared_transactions') = '0'
;
    END IF;
    RETURN NULL;
END $capture$;
CREATE OR REPLACE FUNCTION dualwrite.capture_team_update() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $capture$
DECLARE
    -- what dualwrite.actor() says; calls of functions in plpgsql cost more than what these do
    who text := left(nullif(current_setting('dualwrite.actor_id', true), ''), 64);
    one_changed boolean;
    one_operation text;
    one_ref text[];
    one_bucket integer;
    rung bigint;
BEGIN
    IF coalesce(pg_sequence_last_value('dualwrite.outbox_id_seq'::regclass), 0)
           >= coalesce(pg_sequence_last_value('dualwrite.outbox_ceiling'::regclass), 0) THEN
        PERFORM nextval('dualwrite.resync_team') FROM (SELECT FROM old_rows LIMIT 1) c;
        RETURN NULL;
    END IF;
    BEGIN
        SELECT CASE WHEN NOT EXISTS (SELECT FROM old_rows OFFSET 1) THEN e.changed END, e.operation, e.ref,
               coalesce(hashtextextended(e.root, 0) & 1023, 0)
        INTO one_changed, one_operation, one_ref, one_bucket
        FROM (SELECT CASE WHEN n."id" = o."id" THEN ROW(o."name", o."slug", o."game_id", o."region", o."status", o."description", o."branding", o."updated_at")::pg_catalog.record *<> ROW(n."name", n."slug", n."game_id", n."region", n."status", n."description", n."branding", n."updated_at")::pg_catalog.record END AS changed,
       CASE WHEN true AND NOT true THEN 'sync_team_deleted' ELSE 'sync_team_settings_updated' END AS operation,
       ARRAY[n."id"::text] AS ref, n."id"::text AS root
FROM old_rows o, new_rows n
WHERE pg_typeof(n."id")::oid < 16384
) e LIMIT 1;
        IF one_changed IS NULL THEN
            IF NOT (SELECT pg_typeof(c."id")::oid < 16384 FROM old_rows c LIMIT 1) THEN
                RAISE datatype_mismatch;
            END IF;
            PERFORM FROM (SELECT CASE WHEN n."id" IS NULL THEN 'sync_team_deleted'
            WHEN o."id" IS NULL THEN 'sync_team_created'
            WHEN true AND NOT true THEN 'sync_team_deleted'
            ELSE 'sync_team_settings_updated' END AS operation,
       CASE WHEN n."id" IS NULL THEN ARRAY[o."id"::text] ELSE ARRAY[n."id"::text] END AS ref,
       CASE WHEN n."id" IS NULL THEN o."id"::text ELSE n."id"::text END AS root
FROM old_rows o FULL JOIN new_rows n ON n."id" = o."id"
WHERE o."id" IS NULL OR n."id" IS NULL OR ROW(o."name", o."slug", o."game_id", o."region", o."status", o."description", o."branding", o."updated_at")::pg_catalog.record *<> ROW(n."name", n."slug", n."game_id", n."region", n."status", n."description", n."branding", n."updated_at")::pg_catalog.record
) e WHERE false;
        END IF;
    EXCEPTION
        WHEN undefined_column OR undefined_table OR undefined_function OR ambiguous_function OR datatype_mismatch THEN
            PERFORM nextval('dualwrite.resync_team') FROM (SELECT FROM old_rows LIMIT 1) c;
            RETURN NULL;
    END;
    IF one_changed THEN
        INSERT INTO dualwrite.outbox (bucket, entity, operation, ref, actor)
        VALUES (one_bucket, 'team', one_operation, one_ref, who);
        IF pg_sequence_last_value(('dualwrite.doorbell_' || (one_bucket * 2 / 1024))::regclass) > date_part('epoch', clock_timestamp()) * 1000
    AND current_setting('max_prepared_transactions') = '0'
 THEN
            PERFORM pg_notify('dualwrite', (one_bucket * 2 / 1024)::text);
        END IF;
    ELSIF one_changed IS NULL THEN
        WITH queued AS (
            INSERT INTO dualwrite.outbox (bucket, entity, operation, ref, actor)
            SELECT coalesce(hashtextextended(e.root, 0) & 1023, 0), 'team', e.operation, e.ref, who
            FROM (SELECT CASE WHEN n."id" IS NULL THEN 'sync_team_deleted'
            WHEN o."id" IS NULL THEN 'sync_team_created'
            WHEN true AND NOT true THEN 'sync_team_deleted'
            ELSE 'sync_team_settings_updated' END AS operation,
       CASE WHEN n."id" IS NULL THEN ARRAY[o."id"::text] ELSE ARRAY[n."id"::text] END AS ref,
       CASE WHEN n."id" IS NULL THEN o."id"::text ELSE n."id"::text END AS root
FROM old_rows o FULL JOIN new_rows n ON n."id" = o."id"
WHERE o."id" IS NULL OR n."id" IS NULL OR ROW(o."name", o."slug", o."game_id", o."region", o."status", o."description", o."branding", o."updated_at")::pg_catalog.record *<> ROW(n."name", n."slug", n."game_id", n."region", n."status", n."description", n."branding", n."updated_at")::pg_catalog.record
) e
            RETURNING bucket)
        SELECT count(pg_notify('dualwrite', q.partition::text)) INTO rung
        FROM (SELECT DISTINCT bucket * 2 / 1024 AS partition FROM queued) q
        WHERE pg_sequence_last_value(('dualwrite.doorbell_' || q.partition)::regclass) > date_part('epoch', clock_timestamp()) * 1000
    AND current_setting('max_prepared_transactions') = '0'
;
    END IF;
    RETURN NULL;
END $capture$;
CREATE OR REPLACE FUNCTION dualwrite.capture_team_delete() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $capture$
DECLARE
    -- what dualwrite.actor() says; calls of functions in plpgsql cost more than what these do
    who text := left(nullif(current_setting('dualwrite.actor_id', true), ''), 64);
    one_changed boolean;
    one_operation text;
    one_ref text[];
    one_bucket integer;
    rung bigint;
BEGIN
    IF coalesce(pg_sequence_last_value('dualwrite.outbox_id_seq'::regclass), 0)
           >= coalesce(pg_sequence_last_value('dualwrite.outbox_ceiling'::regclass), 0) THEN
        PERFORM nextval('dualwrite.resync_team') FROM (SELECT FROM old_rows LIMIT 1) c;
        RETURN NULL;
    END IF;
    BEGIN
        SELECT CASE WHEN NOT EXISTS (SELECT FROM old_rows OFFSET 1) THEN e.changed END, e.operation, e.ref,
               coalesce(hashtextextended(e.root, 0) & 1023, 0)
        INTO one_changed, one_operation, one_ref, one_bucket
        FROM (SELECT true AS changed, 'sync_team_deleted'::text AS operation, ARRAY[o."id"::text] AS ref, o."id"::text AS root FROM old_rows o
WHERE pg_typeof(o."id")::oid < 16384
) e LIMIT 1;
        IF one_changed IS NULL THEN
            IF NOT (SELECT pg_typeof(c."id")::oid < 16384 FROM old_rows c LIMIT 1) THEN
                RAISE datatype_mismatch;
            END IF;
            PERFORM FROM (SELECT true AS changed, 'sync_team_deleted'::text AS operation, ARRAY[o."id"::text] AS ref, o."id"::text AS root FROM old_rows o
WHERE pg_typeof(o."id")::oid < 16384
) e WHERE false;
        END IF;
    EXCEPTION
        WHEN undefined_column OR undefined_table OR undefined_function OR ambiguous_function OR datatype_mismatch THEN
            PERFORM nextval('dualwrite.resync_team') FROM (SELECT FROM old_rows LIMIT 1) c;
            RETURN NULL;
    END;
    IF one_changed THEN
        INSERT INTO dualwrite.outbox (bucket, entity, operation, ref, actor)
        VALUES (one_bucket, 'team', one_operation, one_ref, who);
        IF pg_sequence_last_value(('dualwrite.doorbell_' || (one_bucket * 2 / 1024))::regclass) > date_part('epoch', clock_timestamp()) * 1000
    AND current_setting('max_prepared_transactions') = '0'
 THEN
            PERFORM pg_notify('dualwrite', (one_bucket * 2 / 1024)::text);
        END IF;
    ELSIF one_changed IS NULL THEN
        WITH queued AS (
            INSERT INTO dualwrite.outbox (bucket, entity, operation, ref, actor)
            SELECT coalesce(hashtextextended(e.root, 0) & 1023, 0), 'team', e.operation, e.ref, who
            FROM (SELECT true AS changed, 'sync_team_deleted'::text AS operation, ARRAY[o."id"::text] AS ref, o."id"::text AS root FROM old_rows o
WHERE pg_typeof(o."id")::oid < 16384
) e
            RETURNING bucket)
        SELECT count(pg_notify('dualwrite', q.partition::text)) INTO rung
        FROM (SELECT DISTINCT bucket * 2 / 1024 AS partition FROM queued) q
        WHERE pg_sequence_last_value(('dualwrite.doorbell_' || q.partition)::regclass) > date_part('epoch', clock_timestamp()) * 1000
    AND current_setting('max_prepared_transactions') = '0'
;
    END IF;
    RETURN NULL;
END $capture$;
CREATE OR REPLACE FUNCTION dualwrite.capture_team_truncate() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $capture$
BEGIN
    PERFORM nextval('dualwrite.resync_team');
    PERFORM pg_notify('dualwrite_control', '') WHERE current_setting('max_prepared_transactions') = '0';
    RETURN NULL;
END $capture$;
CREATE TRIGGER zz_dualwrite_insert_team AFTER INSERT ON "public"."organizations_team"
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION dualwrite.capture_team_insert();
CREATE TRIGGER zz_dualwrite_update_team AFTER UPDATE ON "public"."organizations_team"
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION dualwrite.capture_team_update();
CREATE TRIGGER zz_dualwrite_delete_team AFTER DELETE ON "public"."organizations_team"
    REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION dualwrite.capture_team_delete();
CREATE TRIGGER zz_dualwrite_truncate_team AFTER TRUNCATE ON "public"."organizations_team"
    FOR EACH STATEMENT EXECUTE FUNCTION dualwrite.capture_team_truncate();
ALTER TABLE "public"."organizations_team" ENABLE ALWAYS TRIGGER zz_dualwrite_insert_team;
ALTER TABLE "public"."organizations_team" ENABLE ALWAYS TRIGGER zz_dualwrite_update_team;
ALTER TABLE "public"."organizations_team" ENABLE ALWAYS TRIGGER zz_dualwrite_delete_team;
ALTER TABLE "public"."organizations_team" ENABLE ALWAYS TRIGGER zz_dualwrite_truncate_team;
CREATE OR REPLACE FUNCTION dualwrite.capture_membership_insert() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $capture$
DECLARE
    -- what dualwrite.actor() says; calls of functions in plpgsql cost more than what these do
    who text := left(nullif(current_setting('dualwrite.actor_id', true), ''), 64);
    one_changed boolean;
    one_operation text;
    one_ref text[];
    one_bucket integer;
    rung bigint;
BEGIN
    IF coalesce(pg_sequence_last_value('dualwrite.outbox_id_seq'::regclass), 0)
           >= coalesce(pg_sequence_last_value('dualwrite.outbox_ceiling'::regclass), 0) THEN
        PERFORM nextval('dualwrite.resync_membership') FROM (SELECT FROM new_rows LIMIT 1) c;
        RETURN NULL;
    END IF;
    BEGIN
        SELECT CASE WHEN NOT EXISTS (SELECT FROM new_rows OFFSET 1) THEN e.changed END, e.operation, e.ref,
               coalesce(hashtextextended(e.root, 0) & 1023, 0)
        INTO one_changed, one_operation, one_ref, one_bucket
        FROM (SELECT true AS changed, 'sync_team_member_added'::text AS operation, ARRAY[n."id"::text, n."team_id"::text, n."user_id"::text] AS ref, n."team_id"::text AS root FROM new_rows n
WHERE pg_typeof(n."id")::oid < 16384
    AND pg_typeof(n."team_id")::oid < 16384
    AND pg_typeof(n."user_id")::oid < 16384
) e LIMIT 1;
        IF one_changed IS NULL THEN
            IF NOT (SELECT pg_typeof(c."id")::oid < 16384
    AND pg_typeof(c."team_id")::oid < 16384
    AND pg_typeof(c."user_id")::oid < 16384 FROM new_rows c LIMIT 1) THEN
                RAISE datatype_mismatch;
            END IF;
            PERFORM FROM (SELECT true AS changed, 'sync_team_member_added'::text AS operation, ARRAY[n."id"::text, n."team_id"::text, n."user_id"::text] AS ref, n."team_id"::text AS root FROM new_rows n
WHERE pg_typeof(n."id")::oid < 16384
    AND pg_typeof(n."team_id")::oid < 16384
    AND pg_typeof(n."user_id")::oid < 16384
) e WHERE false;
        END IF;
    EXCEPTION
        WHEN undefined_column OR undefined_table OR undefined_function OR ambiguous_function OR datatype_mismatch THEN
            PERFORM nextval('dualwrite.resync_membership') FROM (SELECT FROM new_rows LIMIT 1) c;
            RETURN NULL;
    END;
    IF one_changed THEN
        INSERT INTO dualwrite.outbox (bucket, entity, operation, ref, actor)
        VALUES (one_bucket, 'membership', one_operation, one_ref, who);
        IF pg_sequence_last_value(('dualwrite.doorbell_' || (one_bucket * 2 / 1024))::regclass) > date_part('epoch', clock_timestamp()) * 1000
    AND current_setting('max_prepared_transactions') = '0'
 THEN
            PERFORM pg_notify('dualwrite', (one_bucket * 2 / 1024)::text);
        END IF;
    ELSIF one_changed IS NULL THEN
        WITH queued AS (
            INSERT INTO dualwrite.outbox (bucket, entity, operation, ref, actor)
            SELECT coalesce(hashtextextended(e.root, 0) & 1023, 0), 'membership', e.operation, e.ref, who
            FROM (SELECT true AS changed, 'sync_team_member_added'::text AS operation, ARRAY[n."id"::text, n."team_id"::text, n."user_id"::text] AS ref, n."team_id"::text AS root FROM new_rows n
WHERE pg_typeof(n."id")::oid < 16384
    AND pg_typeof(n."team_id")::oid < 16384
    AND pg_typeof(n."user_id")::oid < 16384
) e
            RETURNING bucket)
        SELECT count(pg_notify('dualwrite', q.partition::text)) INTO rung
        FROM (SELECT DISTINCT bucket * 2 / 1024 AS partition FROM queued) q
        WHERE pg_sequence_last_value(('dualwrite.doorbell_' || q.partition)::regclass) > date_part('epoch', clock_timestamp()) * 1000
    AND current_setting('max_prepared_transactions') = '0'
;
    END IF;
    RETURN NULL;
END $capture$;
CREATE OR REPLACE FUNCTION dualwrite.capture_membership_update() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $capture$
DECLARE
    -- what dualwrite.actor() says; calls of functions in plpgsql cost more than what these do
    who text := left(nullif(current_setting('dualwrite.actor_id', true), ''), 64);
    one_changed boolean;
    one_operation text;
    one_ref text[];
    one_bucket integer;
    rung bigint;
BEGIN
    IF coalesce(pg_sequence_last_value('dualwrite.outbox_id_seq'::regclass), 0)
           >= coalesce(pg_sequence_last_value('dualwrite.outbox_ceiling'::regclass), 0) THEN
        PERFORM nextval('dualwrite.resync_membership') FROM (SELECT FROM old_rows LIMIT 1) c;
        RETURN NULL;
    END IF;
    BEGIN
        SELECT CASE WHEN NOT EXISTS (SELECT FROM old_rows OFFSET 1) THEN e.changed END, e.operation, e.ref,
               coalesce(hashtextextended(e.root, 0) & 1023, 0)
        INTO one_changed, one_operation, one_ref, one_bucket
        FROM (SELECT CASE WHEN n."id" = o."id" AND n."team_id" IS NOT DISTINCT FROM o."team_id" AND n."user_id" IS NOT DISTINCT FROM o."user_id" THEN ROW(o."team_id", o."user_id", o."role", o."status", o."updated_at")::pg_catalog.record *<> ROW(n."team_id", n."user_id", n."role", n."status", n."updated_at")::pg_catalog.record END AS changed,
       CASE WHEN (o."status" IS NOT NULL AND format('%s', o."status") IN ('ACTIVE')) AND NOT (n."status" IS NOT NULL AND format('%s', n."status") IN ('ACTIVE')) THEN 'sync_team_member_removed' ELSE 'sync_team_member_updated' END AS operation,
       ARRAY[n."id"::text, n."team_id"::text, n."user_id"::text] AS ref, n."team_id"::text AS root
FROM old_rows o, new_rows n
WHERE pg_typeof(n."id")::oid < 16384
    AND pg_typeof(n."team_id")::oid < 16384
    AND pg_typeof(n."user_id")::oid < 16384
) e LIMIT 1;
        IF one_changed IS NULL THEN
            IF NOT (SELECT pg_typeof(c."id")::oid < 16384
    AND pg_typeof(c."team_id")::oid < 16384
    AND pg_typeof(c."user_id")::oid < 16384 FROM old_rows c LIMIT 1) THEN
                RAISE datatype_mismatch;
            END IF;
            PERFORM FROM (SELECT CASE WHEN n."id" IS NULL THEN 'sync_team_member_removed'
            WHEN o."id" IS NULL THEN 'sync_team_member_added'
            WHEN (o."status" IS NOT NULL AND format('%s', o."status") IN ('ACTIVE')) AND NOT (n."status" IS NOT NULL AND format('%s', n."status") IN ('ACTIVE')) THEN 'sync_team_member_removed'
            ELSE 'sync_team_member_updated' END AS operation,
       CASE WHEN n."id" IS NULL THEN ARRAY[o."id"::text, o."team_id"::text, o."user_id"::text] ELSE ARRAY[n."id"::text, n."team_id"::text, n."user_id"::text] END AS ref,
       CASE WHEN n."id" IS NULL THEN o."team_id"::text ELSE n."team_id"::text END AS root
FROM old_rows o FULL JOIN new_rows n ON n."id" = o."id" AND n."team_id" IS NOT DISTINCT FROM o."team_id" AND n."user_id" IS NOT DISTINCT FROM o."user_id"
WHERE o."id" IS NULL OR n."id" IS NULL OR ROW(o."team_id", o."user_id", o."role", o."status", o."updated_at")::pg_catalog.record *<> ROW(n."team_id", n."user_id", n."role", n."status", n."updated_at")::pg_catalog.record
) e WHERE false;
        END IF;
    EXCEPTION
        WHEN undefined_column OR undefined_table OR undefined_function OR ambiguous_function OR datatype_mismatch THEN
            PERFORM nextval('dualwrite.resync_membership') FROM (SELECT FROM old_rows LIMIT 1) c;
            RETURN NULL;
    END;
    IF one_changed THEN
        INSERT INTO dualwrite.outbox (bucket, entity, operation, ref, actor)
        VALUES (one_bucket, 'membership', one_operation, one_ref, who);
        IF pg_sequence_last_value(('dualwrite.doorbell_' || (one_bucket * 2 / 1024))::regclass) > date_part('epoch', clock_timestamp()) * 1000
    AND current_setting('max_prepared_transactions') = '0'
 THEN
            PERFORM pg_notify('dualwrite', (one_bucket * 2 / 1024)::text);
        END IF;
    ELSIF one_changed IS NULL THEN
        WITH queued AS (
            INSERT INTO dualwrite.outbox (bucket, entity, operation, ref, actor)
            SELECT coalesce(hashtextextended(e.root, 0) & 1023, 0), 'membership', e.operation, e.ref, who
            FROM (SELECT CASE WHEN n."id" IS NULL THEN 'sync_team_member_removed'
            WHEN o."id" IS NULL THEN 'sync_team_member_added'
            WHEN (o."status" IS NOT NULL AND format('%s', o."status") IN ('ACTIVE')) AND NOT (n."status" IS NOT NULL AND format('%s', n."status") IN ('ACTIVE')) THEN 'sync_team_member_removed'
            ELSE 'sync_team_member_updated' END AS operation,
       CASE WHEN n."id" IS NULL THEN ARRAY[o."id"::text, o."team_id"::text, o."user_id"::text] ELSE ARRAY[n."id"::text, n."team_id"::text, n."user_id"::text] END AS ref,
       CASE WHEN n."id" IS NULL THEN o."team_id"::text ELSE n."team_id"::text END AS root
FROM old_rows o FULL JOIN new_rows n ON n."id" = o."id" AND n."team_id" IS NOT DISTINCT FROM o."team_id" AND n."user_id" IS NOT DISTINCT FROM o."user_id"
WHERE o."id" IS NULL OR n."id" IS NULL OR ROW(o."team_id", o."user_id", o."role", o."status", o."updated_at")::pg_catalog.record *<> ROW(n."team_id", n."user_id", n."role", n."status", n."updated_at")::pg_catalog.record
) e
            RETURNING bucket)
        SELECT count(pg_notify('dualwrite', q.partition::text)) INTO rung
        FROM (SELECT DISTINCT bucket * 2 / 1024 AS partition FROM queued) q
        WHERE pg_sequence_last_value(('dualwrite.doorbell_' || q.partition)::regclass) > date_part('epoch', clock_timestamp()) * 1000
    AND current_setting('max_prepared_transactions') = '0'
;
    END IF;
    RETURN NULL;
END $capture$;
CREATE OR REPLACE FUNCTION dualwrite.capture_membership_delete() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $capture$
DECLARE
    -- what dualwrite.actor() says; calls of functions in plpgsql cost more than what these do
    who text := left(nullif(current_setting('dualwrite.actor_id', true), ''), 64);
    one_changed boolean;
    one_operation text;
    one_ref text[];
    one_bucket integer;
    rung bigint;
BEGIN
    IF coalesce(pg_sequence_last_value('dualwrite.outbox_id_seq'::regclass), 0)
           >= coalesce(pg_sequence_last_value('dualwrite.outbox_ceiling'::regclass), 0) THEN
        PERFORM nextval('dualwrite.resync_membership') FROM (SELECT FROM old_rows LIMIT 1) c;
        RETURN NULL;
    END IF;
    BEGIN
        SELECT CASE WHEN NOT EXISTS (SELECT FROM old_rows OFFSET 1) THEN e.changed END, e.operation, e.ref,
               coalesce(hashtextextended(e.root, 0) & 1023, 0)
        INTO one_changed, one_operation, one_ref, one_bucket
        FROM (SELECT true AS changed, 'sync_team_member_removed'::text AS operation, ARRAY[o."id"::text, o."team_id"::text, o."user_id"::text] AS ref, o."team_id"::text AS root FROM old_rows o
WHERE pg_typeof(o."id")::oid < 16384
    AND pg_typeof(o."team_id")::oid < 16384
    AND pg_typeof(o."user_id")::oid < 16384
) e LIMIT 1;
        IF one_changed IS NULL THEN
            IF NOT (SELECT pg_typeof(c."id")::oid < 16384
    AND pg_typeof(c."team_id")::oid < 16384
    AND pg_typeof(c."user_id")::oid < 16384 FROM old_rows c LIMIT 1) THEN
                RAISE datatype_mismatch;
            END IF;
            PERFORM FROM (SELECT true AS changed, 'sync_team_member_removed'::text AS operation, ARRAY[o."id"::text, o."team_id"::text, o."user_id"::text] AS ref, o."team_id"::text AS root FROM old_rows o
WHERE pg_typeof(o."id")::oid < 16384
    AND pg_typeof(o."team_id")::oid < 16384
    AND pg_typeof(o."user_id")::oid < 16384
) e WHERE false;
        END IF;
    EXCEPTION
        WHEN undefined_column OR undefined_table OR undefined_function OR ambiguous_function OR datatype_mismatch THEN
            PERFORM nextval('dualwrite.resync_membership') FROM (SELECT FROM old_rows LIMIT 1) c;
            RETURN NULL;
    END;
    IF one_changed THEN
        INSERT INTO dualwrite.outbox (bucket, entity, operation, ref, actor)
        VALUES (one_bucket, 'membership', one_operation, one_ref, who);
        IF pg_sequence_last_value(('dualwrite.doorbell_' || (one_bucket * 2 / 1024))::regclass) > date_part('epoch', clock_timestamp()) * 1000
    AND current_setting('max_prepared_transactions') = '0'
 THEN
            PERFORM pg_notify('dualwrite', (one_bucket * 2 / 1024)::text);
        END IF;
    ELSIF one_changed IS NULL THEN
        WITH queued AS (
            INSERT INTO dualwrite.outbox (bucket, entity, operation, ref, actor)
            SELECT coalesce(hashtextextended(e.root, 0) & 1023, 0), 'membership', e.operation, e.ref, who
            FROM (SELECT true AS changed, 'sync_team_member_removed'::text AS operation, ARRAY[o."id"::text, o."team_id"::text, o."user_id"::text] AS ref, o."team_id"::text AS root FROM old_rows o
WHERE pg_typeof(o."id")::oid < 16384
    AND pg_typeof(o."team_id")::oid < 16384
    AND pg_typeof(o."user_id")::oid < 16384
) e
            RETURNING bucket)
        SELECT count(pg_notify('dualwrite', q.partition::text)) INTO rung
        FROM (SELECT DISTINCT bucket * 2 / 1024 AS partition FROM queued) q
        WHERE pg_sequence_last_value(('dualwrite.doorbell_' || q.partition)::regclass) > date_part('epoch', clock_timestamp()) * 1000
    AND current_setting('max_prepared_transactions') = '0'
;
    END IF;
    RETURN NULL;
END $capture$;
CREATE OR REPLACE FUNCTION dualwrite.capture_membership_truncate() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $capture$
BEGIN
    PERFORM nextval('dualwrite.resync_membership');
    PERFORM pg_notify('dualwrite_control', '') WHERE current_setting('max_prepared_transactions') = '0';
    RETURN NULL;
END $capture$;
CREATE TRIGGER zz_dualwrite_insert_membership AFTER INSERT ON "public"."organizations_teammembership"
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION dualwrite.capture_membership_insert();
CREATE TRIGGER zz_dualwrite_update_membership AFTER UPDATE ON "public"."organizations_teammembership"
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION dualwrite.capture_membership_update();
CREATE TRIGGER zz_dualwrite_delete_membership AFTER DELETE ON "public"."organizations_teammembership"
    REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION dualwrite.capture_membership_delete();
CREATE TRIGGER zz_dualwrite_truncate_membership AFTER TRUNCATE ON "public"."organizations_teammembership"
    FOR EACH STATEMENT EXECUTE FUNCTION dualwrite.capture_membership_truncate();
ALTER TABLE "public"."organizations_teammembership" ENABLE ALWAYS TRIGGER zz_dualwrite_insert_membership;
ALTER TABLE "public"."organizations_teammembership" ENABLE ALWAYS TRIGGER zz_dualwrite_update_membership;
ALTER TABLE "public"."organizations_teammembership" ENABLE ALWAYS TRIGGER zz_dualwrite_delete_membership;
ALTER TABLE "public"."organizations_teammembership" ENABLE ALWAYS TRIGGER zz_dualwrite_truncate_membership;
CREATE TRIGGER aa_dualwrite_guard BEFORE TRUNCATE ON "public"."teams_team"
    FOR EACH STATEMENT EXECUTE FUNCTION dualwrite.guard_refuse();
ALTER TABLE "public"."teams_team" ENABLE ALWAYS TRIGGER aa_dualwrite_guard;
CREATE TRIGGER zz_dualwrite_record_insert AFTER INSERT ON "public"."teams_team"
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION dualwrite.guard_record();
CREATE TRIGGER zz_dualwrite_record_update AFTER UPDATE ON "public"."teams_team"
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION dualwrite.guard_record();
CREATE TRIGGER zz_dualwrite_record_delete AFTER DELETE ON "public"."teams_team"
    REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION dualwrite.guard_record();
CREATE TRIGGER zz_dualwrite_record_truncate AFTER TRUNCATE ON "public"."teams_team"
    FOR EACH STATEMENT EXECUTE FUNCTION dualwrite.guard_record();
ALTER TABLE "public"."teams_team" ENABLE ALWAYS TRIGGER zz_dualwrite_record_insert;
ALTER TABLE "public"."teams_team" ENABLE ALWAYS TRIGGER zz_dualwrite_record_update;
ALTER TABLE "public"."teams_team" ENABLE ALWAYS TRIGGER zz_dualwrite_record_delete;
ALTER TABLE "public"."teams_team" ENABLE ALWAYS TRIGGER zz_dualwrite_record_truncate;
CREATE TRIGGER aa_dualwrite_guard BEFORE TRUNCATE ON "public"."teams_teammembership"
    FOR EACH STATEMENT EXECUTE FUNCTION dualwrite.guard_refuse();
ALTER TABLE "public"."teams_teammembership" ENABLE ALWAYS TRIGGER aa_dualwrite_guard;
CREATE TRIGGER zz_dualwrite_record_insert AFTER INSERT ON "public"."teams_teammembership"
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION dualwrite.guard_record();
CREATE TRIGGER zz_dualwrite_record_update AFTER UPDATE ON "public"."teams_teammembership"
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION dualwrite.guard_record();
CREATE TRIGGER zz_dualwrite_record_delete AFTER DELETE ON "public"."teams_teammembership"
    REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION dualwrite.guard_record();
CREATE TRIGGER zz_dualwrite_record_truncate AFTER TRUNCATE ON "public"."teams_teammembership"
    FOR EACH STATEMENT EXECUTE FUNCTION dualwrite.guard_record();
ALTER TABLE "public"."teams_teammembership" ENABLE ALWAYS TRIGGER zz_dualwrite_record_insert;
ALTER TABLE "public"."teams_teammembership" ENABLE ALWAYS TRIGGER zz_dualwrite_record_update;
ALTER TABLE "public"."teams_teammembership" ENABLE ALWAYS TRIGGER zz_dualwrite_record_delete;
ALTER TABLE "public"."teams_teammembership" ENABLE ALWAYS TRIGGER zz_dualwrite_record_truncate;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA dualwrite FROM PUBLIC;
