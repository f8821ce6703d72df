-- resync_step.sql: a chunk was queued: $1 entity, $2 how many rows, $3 the last key, $4 whether it was the last chunk.
UPDATE dualwrite.resync r
SET queued = r.queued + $2::pg_catalog.int8,
    position = CASE WHEN $4::pg_catalog.bool THEN NULL ELSE $3::pg_catalog.text[] END,
    chunks = ARRAY(SELECT c FROM unnest(r.chunks) c WHERE EXISTS (SELECT FROM dualwrite.outbox o WHERE o.xid = c)
                      OR EXISTS (SELECT FROM dualwrite.failed f WHERE f.xid = c))
             || pg_catalog.pg_current_xact_id(),
    handled = CASE WHEN $4::pg_catalog.bool THEN r.seen ELSE r.handled END
WHERE r.entity = $1
