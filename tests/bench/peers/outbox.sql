-- outbox.sql: the least of an outbox; the outbox_*.sql files say who fills it.
CREATE SCHEMA outbox;
CREATE TABLE outbox.event (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    entity text NOT NULL,
    key bigint NOT NULL
);
-- whoever writes vNext rows fills it: cheaper for the writers than a function that changes its user
GRANT USAGE ON SCHEMA outbox TO PUBLIC;
GRANT INSERT ON outbox.event TO PUBLIC;
