-- 005_integrity.sql: what version 5 adds: what `monitor` found each time, and what `validate --fix` changed, so that it can be put
-- back. Runs after 004_runbooks.sql in both databases. 005_integrity.undo.sql is its inverse.

---------------------------------------------------------------------------------------------------------------------
-- One row for each run and pack; `document` is what `monitor --json` says of it: counts and names of checks, never what is in a
-- row. Used in the vNext database.
CREATE TABLE dualwrite.monitor_run (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL DEFAULT now(),
    pack text NOT NULL,
    period_hours integer NOT NULL,
    score integer NOT NULL CHECK (score BETWEEN 0 AND 100),
    status text NOT NULL CHECK (status IN ('healthy', 'degraded', 'critical')),
    issues integer NOT NULL CHECK (issues >= 0),
    document jsonb NOT NULL
);
CREATE INDEX monitor_run_by_pack ON dualwrite.monitor_run (pack, at);
GRANT SELECT, INSERT, DELETE ON dualwrite.monitor_run TO dualwrite_daemon;

-- What each target of `monitor --alert` was told last of a pack that is not healthy; gone once it was told that it is over. `key` is
-- the incident's at PagerDuty, the same until then. Used in the vNext database.
CREATE TABLE dualwrite.monitor_alert (
    pack text NOT NULL,
    target text NOT NULL CHECK (target IN ('webhook', 'pagerduty', 'mail')),
    key text NOT NULL,
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    status text NOT NULL CHECK (status IN ('degraded', 'critical')),
    score integer NOT NULL CHECK (score BETWEEN 0 AND 100),
    PRIMARY KEY (pack, target)
);
GRANT SELECT, INSERT, UPDATE, DELETE ON dualwrite.monitor_alert TO dualwrite_daemon;

---------------------------------------------------------------------------------------------------------------------
-- One row for each `validate --fix` that changed something; `validate --undo ID` takes it back, once.
CREATE TABLE dualwrite.mend (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    who text NOT NULL DEFAULT session_user,
    undone_at timestamptz,
    undone_by text,
    CHECK ((undone_at IS NULL) = (undone_by IS NULL))
);

-- Its rows, in the order in which they were changed. `before` and `after` are the whole row as text, which every type gives back
-- byte for byte; `after` is NULL where the row was deleted. They hold what the application keeps in its tables, so nobody is
-- granted them: who mends the application's tables owns them, or is a superuser.
CREATE TABLE dualwrite.mended_row (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    mend bigint NOT NULL REFERENCES dualwrite.mend ON DELETE CASCADE,
    pack text NOT NULL,
    check_name text NOT NULL,
    table_schema text NOT NULL,
    table_name text NOT NULL,
    key_column text NOT NULL,
    key text NOT NULL,
    layout text NOT NULL, -- the table's columns and their types when it was taken
    before text NOT NULL,
    after text
);
CREATE INDEX mended_row_by_mend ON dualwrite.mended_row (mend, id);
REVOKE ALL ON dualwrite.mend, dualwrite.mended_row FROM PUBLIC;
