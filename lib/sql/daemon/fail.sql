-- fail.sql: moves failed events out of the outbox, or counts another attempt. $1 ids, $2 SQLSTATEs, $3 condition names,
-- $4 constraints, $5 messages, $6 milliseconds until the next attempt (NULL: parked), $7 identities, $8 parents,
-- $9 keys of the legacy rows that have the values which are wanted.
--
-- Who was made due since the claim stays due: the holder, or the parent, has been synced meanwhile.
--
-- ANY (ARRAY[x]), here and in supersede.sql, is = x for an index, and nothing that a join could be ordered by: what is looked up is
-- found by its key for each failure. Otherwise a queue that was analyzed when it was empty, in which the planner sees one row,
-- is read as a whole and compared with every failure.
WITH failure AS MATERIALIZED (
    SELECT u.event_id, u.sqlstate, u.exception_type, u.constraint_name, u.message,
           u.identity::pg_catalog.text[] AS identity, u.parent,
           u.holder::pg_catalog.text[] AS holder, pg_catalog.clock_timestamp() + u.retry_in_ms * interval '1 millisecond' AS retry_at
    FROM unnest($1::pg_catalog.int8[], $2::pg_catalog.text[], $3::pg_catalog.text[], $4::pg_catalog.text[],
                $5::pg_catalog.text[], $6::pg_catalog.int8[], $7::pg_catalog.text[], $8::pg_catalog.text[], $9::pg_catalog.text[])
         AS u(event_id, sqlstate, exception_type, constraint_name, message, retry_in_ms, identity, parent, holder)
), again AS (
    UPDATE dualwrite.failed f
    SET attempts = f.attempts + 1, sqlstate = u.sqlstate, exception_type = u.exception_type,
        constraint_name = u.constraint_name, message = u.message,
        retry_at = CASE WHEN f.retry_at > nullif(pg_catalog.current_setting('dualwrite.claimed_at', true), '')::pg_catalog.timestamptz
                          AND f.retry_at <= pg_catalog.clock_timestamp() THEN f.retry_at ELSE u.retry_at END,
        identity = u.identity, parent = u.parent, holder = u.holder, last_failed_at = pg_catalog.clock_timestamp()
    FROM failure u WHERE f.event_id = ANY (ARRAY[u.event_id])
), moved AS (
    DELETE FROM dualwrite.outbox o USING failure u WHERE o.id = ANY (ARRAY[u.event_id])
    RETURNING o.*, u.sqlstate, u.exception_type, u.constraint_name, u.message, u.retry_at, u.identity, u.parent, u.holder
)
INSERT INTO dualwrite.failed (event_id, xid, captured_at, bucket, entity, operation, ref, actor, attempts, sqlstate,
                              exception_type, constraint_name, message, retry_at, identity, parent, holder)
SELECT m.id, m.xid, m.captured_at, m.bucket, m.entity, m.operation, m.ref, m.actor, 1, m.sqlstate, m.exception_type,
       m.constraint_name, m.message, m.retry_at, m.identity, m.parent, m.holder
FROM moved m
