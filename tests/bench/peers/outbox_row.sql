-- outbox_row.sql: an outbox row by row trigger.
CREATE FUNCTION outbox.capture() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO outbox.event (entity, key) VALUES (TG_ARGV[0], NEW.id);
    RETURN NULL;
END $$;
CREATE TRIGGER outbox_capture AFTER INSERT OR UPDATE ON organizations_team
    FOR EACH ROW EXECUTE FUNCTION outbox.capture('team');
CREATE TRIGGER outbox_capture AFTER INSERT OR UPDATE ON organizations_teammembership
    FOR EACH ROW EXECUTE FUNCTION outbox.capture('membership');
