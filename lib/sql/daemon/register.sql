-- register.sql: this daemon's own row: that it lives, and what it thinks. $1 instance, $2 host, $3 pid, $4 version,
-- $5 mapping digest, $6 flags, $7 listening, $8 state, $9 the backend that it claims with, $10 the flags that it obeys, $11 the number
-- of the last reload that was asked for here and is through, NULL: none, $12 how that went. Rows that stopped beating
-- long ago are swept, and counts of sessions that ended long ago.
WITH swept AS (
    DELETE FROM dualwrite.daemon d WHERE d.beat_at < pg_catalog.clock_timestamp() - interval '1 hour'
), forgotten AS (
    DELETE FROM dualwrite.processed p WHERE p.since < pg_catalog.clock_timestamp() - interval '2 days'
)
INSERT INTO dualwrite.daemon AS d (instance, host, pid, version, mapping_digest, flags, listening, state, claim_pid,
                                   in_force, reload_done, reload_answer)
VALUES ($1::pg_catalog.uuid, $2, $3::pg_catalog.int4, $4, $5, $6::pg_catalog.jsonb, $7::pg_catalog.bool, $8,
        $9::pg_catalog.int4, $10::pg_catalog.jsonb, $11::pg_catalog.int8, $12::pg_catalog.jsonb)
ON CONFLICT (instance) DO UPDATE
SET mapping_digest = excluded.mapping_digest, flags = excluded.flags, listening = excluded.listening,
    state = excluded.state, claim_pid = excluded.claim_pid, in_force = excluded.in_force,
    reload_done = excluded.reload_done, reload_answer = excluded.reload_answer, beat_at = pg_catalog.clock_timestamp()
