-- capture/function.sql: template, once per entity and kind of statement; sqlgen fills in the :{...}. What a writer's
-- statement adds to the outbox, inside the writer's transaction. It must never fail on what a row contains, never wait
-- for another writer and never cast what the application set: so only key columns are turned into text, and mapped
-- columns are compared as bytes (*<>), which every type can. Nor may it fail because somebody dropped or renamed a column
-- that it names: the probe, which reads no row, finds out, and the resync mark stands in for the events until install has
-- been run again. (Only the probe is in a subtransaction, which therefore never gets an id of its own.)
--
-- Order matters for the doorbell: by the time a trigger runs its transaction has an id, and the doorbell is read after
-- the insert. A daemon that saw a snapshot whose xmin is above its own barrier therefore missed nobody.
CREATE OR REPLACE FUNCTION dualwrite.:{function}() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS :{quote}
DECLARE
    rung bigint;
    who text := dualwrite.actor(); -- once, not for each row
BEGIN
    IF (SELECT s.last_value FROM dualwrite.outbox_id_seq s) >= (SELECT c.last_value FROM dualwrite.outbox_ceiling c) THEN
        PERFORM nextval(':{resync_mark}') FROM (SELECT FROM :{changed} LIMIT 1) c;
        RETURN NULL;
    END IF;
    BEGIN
        PERFORM FROM (:{events}) e LIMIT 0;
    EXCEPTION
        WHEN undefined_column OR undefined_table OR undefined_function OR ambiguous_function OR datatype_mismatch THEN
            PERFORM nextval(':{resync_mark}') FROM (SELECT FROM :{changed} LIMIT 1) c;
            RETURN NULL;
    END;
    WITH queued AS (
        INSERT INTO dualwrite.outbox (bucket, entity, operation, ref, actor)
        SELECT coalesce(hashtextextended(e.root, 0) & 1023, 0), :{entity}, e.operation, e.ref, who
        FROM (:{events}) e
        RETURNING bucket)
    SELECT count(pg_notify(:{channel}, q.partition::text)) INTO rung
    FROM (SELECT DISTINCT bucket * :{partitions} / 1024 AS partition FROM queued) q
    WHERE dualwrite.asleep(q.partition);
    RETURN NULL;
END :{quote};
