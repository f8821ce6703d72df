-- hold.sql: takes this daemon's partitions for the transaction. $1 instance, $2 statement_timeout, $3 barrier xid8 or
-- NULL, $4 take the doorbell down. A statement of its own before claim.sql, so that the claim's snapshot is newer than the
-- locks. row_security off makes a policy an error instead of missing rows;
-- the time zone is fixed so that every daemon casts alike.
WITH mine AS MATERIALIZED (
    SELECT p FROM dualwrite.partitions_of($1::pg_catalog.uuid) p
), held AS MATERIALIZED (
    SELECT p FROM mine WHERE pg_catalog.pg_try_advisory_xact_lock(1685414252, p)
), doorbell AS MATERIALIZED (
    SELECT pg_catalog.count(pg_catalog.setval(('dualwrite.doorbell_' || p)::pg_catalog.regclass, 0)) AS taken_down
    FROM held
    WHERE $4::pg_catalog.bool AND pg_catalog.pg_sequence_last_value(('dualwrite.doorbell_' || p)::pg_catalog.regclass) > 0
)
SELECT (SELECT pg_catalog.count(*) FROM mine) AS mine,
       (SELECT pg_catalog.count(*) FROM held) AS held,
       coalesce(pg_catalog.pg_snapshot_xmin(pg_catalog.pg_current_snapshot()) > $3::pg_catalog.text::pg_catalog.xid8,
                false) AS passed,
       (SELECT taken_down FROM doorbell) AS taken_down,
       pg_catalog.set_config('dualwrite.held',
                             coalesce((SELECT pg_catalog.array_agg(p)::pg_catalog.text FROM held), '{}'), true),
       pg_catalog.set_config('search_path', 'pg_catalog', true),
       pg_catalog.set_config('row_security', 'off', true),
       pg_catalog.set_config('timezone', 'UTC', true),
       pg_catalog.set_config('datestyle', 'ISO, YMD', true),
       pg_catalog.set_config('statement_timeout', $2::pg_catalog.text, true),
       pg_catalog.set_config('lock_timeout', '2s', true),
       pg_catalog.set_config('idle_in_transaction_session_timeout', '10s', true)
