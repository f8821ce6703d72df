-- 004_runbooks.sql: what version 4 adds: what the runbooks' commands keep. Runs after 003_many_daemons.sql in both databases.
-- 004_runbooks.undo.sql is its inverse. Daemons of version 3 work with it.

-- ---- part: cleanup
-- With two databases `rollback cleanup` has two transactions, and legacy commits first: what was chosen is noted here before that,
-- so that a run which is cut off in between is finished by the next one. `roots` holds the keys of the root rows on both sides,
-- never what is in the rows. Used in the vNext database.
CREATE TABLE dualwrite.cleanup (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    entity text NOT NULL,
    column_name text NOT NULL,
    pattern text NOT NULL,
    roots jsonb NOT NULL,
    legacy_rows bigint NOT NULL, -- the roots' legacy rows, of which none is left once legacy has committed
    who text NOT NULL DEFAULT session_user,
    started_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    ended_at timestamptz,
    outcome text CHECK (outcome IN ('done', 'given up')),
    CHECK ((ended_at IS NULL) = (outcome IS NULL))
);
REVOKE ALL ON dualwrite.cleanup FROM PUBLIC;
GRANT SELECT, INSERT, UPDATE ON dualwrite.cleanup TO dualwrite_daemon;
