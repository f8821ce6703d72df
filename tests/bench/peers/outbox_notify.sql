-- outbox_notify.sql: after outbox_statement.sql, the same with a NOTIFY in each transaction (the server sends one of several
-- equal ones).
CREATE OR REPLACE FUNCTION outbox.capture() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO outbox.event (entity, key) SELECT TG_ARGV[0], n.id FROM new_rows n;
    NOTIFY outbox;
    RETURN NULL;
END $$;
