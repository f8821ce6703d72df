-- capture/function.sql: template, once per entity and kind of statement; sqlgen fills in the :{...}. What a writer's
-- statement adds to the outbox, inside the writer's transaction. It must never fail on what a row contains, never wait
-- for another writer and never cast what the application set: so only key columns are turned into text, and mapped
-- columns are compared as bytes (*<>), which every type can. Nor may it fail because somebody dropped or renamed a column
-- that it names: reading the row finds out, or the probe, which is parsed and planned and reads nothing; and the resync mark
-- stands in for the events until install has been run again. (Nothing else is in the subtransaction, which therefore never
-- gets an id of its own.)
--
-- It acts with the rights of whoever installed it, so it runs no code of whoever owns the table: a key that was given a type with
-- casts of his is not read (capture_read.h), and the mark stands in here too.
--
-- Most statements change one row, which needs neither a join nor a look at several doorbells. one_changed is NULL where it is
-- not one row, or one that got another key. (INTO takes the first row and reads no further. LIMIT, because with
-- plpgsql.extra_errors, which a session may have set, it would fail on the second.)
--
-- Order matters for the doorbell: by the time a trigger runs its transaction has an id, and the doorbell is read after
-- the insert. A daemon that saw a snapshot whose xmin is above its own barrier therefore missed nobody.
CREATE OR REPLACE FUNCTION dualwrite.:{function}() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS :{quote}
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
        PERFORM nextval(':{resync_mark}') FROM (SELECT FROM :{changed} LIMIT 1) c;
        RETURN NULL;
    END IF;
    BEGIN
        SELECT CASE WHEN NOT EXISTS (SELECT FROM :{changed} OFFSET 1) THEN e.changed END, e.operation, e.ref,
               coalesce(hashtextextended(e.root, 0) & 1023, 0)
        INTO one_changed, one_operation, one_ref, one_bucket
        FROM (:{event}) e LIMIT 1;
        IF one_changed IS NULL THEN
            IF NOT (SELECT :{changed_known} FROM :{changed} c LIMIT 1) THEN
                RAISE datatype_mismatch;
            END IF;
            PERFORM FROM (:{events}) e WHERE false;
        END IF;
    EXCEPTION
        WHEN undefined_column OR undefined_table OR undefined_function OR ambiguous_function OR datatype_mismatch THEN
            PERFORM nextval(':{resync_mark}') FROM (SELECT FROM :{changed} LIMIT 1) c;
            RETURN NULL;
    END;
    IF one_changed THEN
        INSERT INTO dualwrite.outbox (bucket, entity, operation, ref, actor)
        VALUES (one_bucket, :{entity}, one_operation, one_ref, who);
        IF :{one_asleep} THEN
            PERFORM pg_notify(:{channel}, :{partition}::text);
        END IF;
    ELSIF one_changed IS NULL THEN
        WITH queued AS (
            INSERT INTO dualwrite.outbox (bucket, entity, operation, ref, actor)
            SELECT coalesce(hashtextextended(e.root, 0) & 1023, 0), :{entity}, e.operation, e.ref, who
            FROM (:{events}) e
            RETURNING bucket)
        SELECT count(pg_notify(:{channel}, q.partition::text)) INTO rung
        FROM (SELECT DISTINCT bucket * :{partitions} / 1024 AS partition FROM queued) q
        WHERE :{each_asleep};
    END IF;
    RETURN NULL;
END :{quote};
