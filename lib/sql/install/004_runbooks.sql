-- 004_runbooks.sql: what version 4 adds: what the runbooks' commands (rollback, reload, ...) must know of the daemons and may ask
-- of them. Runs after 003_many_daemons.sql in both databases. 004_runbooks.undo.sql is its inverse.

---------------------------------------------------------------------------------------------------------------------
-- What each daemon obeys: the flags that were in force when it last asked, once nothing that it began under others is under way
-- any more, and the legacy database's guard has been told. {} before the first answer; NULL is a daemon of version 3, which
-- does not say.
ALTER TABLE dualwrite.daemon ADD COLUMN in_force jsonb,
-- A reload that somebody asks for has a number; the daemon answers with it when it is through, and says how it went:
-- {"reloaded": true or false, "changed": "KEY: old -> new; ...", "faults": [{"where", "text", "error"}]}. Nothing in it is secret.
    ADD COLUMN reload_wanted bigint, ADD COLUMN reload_done bigint, ADD COLUMN reload_answer jsonb;
CREATE TRIGGER ring_control_reload AFTER UPDATE OF reload_wanted ON dualwrite.daemon FOR EACH ROW
    WHEN (OLD.reload_wanted IS DISTINCT FROM NEW.reload_wanted)
    EXECUTE FUNCTION dualwrite.ring_control();

---------------------------------------------------------------------------------------------------------------------
-- Rights. A rollback is run wherever a daemon runs, with the login that is there.
GRANT INSERT, UPDATE, DELETE ON dualwrite.override TO dualwrite_daemon;

---------------------------------------------------------------------------------------------------------------------
-- How many events were taken off the queue as done, by five minutes and by the session that did it: no two sessions write one
-- row, so nobody waits for another, and a slot is used again the next day, so the table does not grow.
CREATE TABLE dualwrite.processed (
    slot smallint NOT NULL, -- which five minutes of the day, in UTC
    backend integer NOT NULL,
    since timestamptz NOT NULL,
    events bigint NOT NULL,
    PRIMARY KEY (slot, backend)
) WITH (fillfactor = 50);
GRANT SELECT, INSERT, UPDATE, DELETE ON dualwrite.processed TO dualwrite_daemon;

---------------------------------------------------------------------------------------------------------------------
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
