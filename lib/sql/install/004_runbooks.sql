-- 004_runbooks.sql: version 4: what the operators' commands need of the schema. Runs inside the one transaction of `install`.
-- 004_runbooks.undo.sql is its inverse.

-- ---- part: report
-- How many events were taken off the queue as done, by hour and by the session that did it: no two sessions write one row, so
-- nobody waits for another, and a slot is used again the next day, so the table does not grow.
CREATE TABLE dualwrite.processed (
    slot smallint NOT NULL, -- the hour of the day, in UTC
    backend integer NOT NULL,
    hour timestamptz NOT NULL,
    events bigint NOT NULL,
    PRIMARY KEY (slot, backend)
) WITH (fillfactor = 50);
GRANT SELECT, INSERT, UPDATE, DELETE ON dualwrite.processed TO dualwrite_daemon;
