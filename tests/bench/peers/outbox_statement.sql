-- outbox_statement.sql: the outbox rows of a statement by one trigger.
CREATE FUNCTION outbox.capture() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO outbox.event (entity, key) SELECT TG_ARGV[0], n.id FROM new_rows n;
    RETURN NULL;
END $$;
CREATE TRIGGER outbox_inserted AFTER INSERT ON organizations_team
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION outbox.capture('team');
CREATE TRIGGER outbox_updated AFTER UPDATE ON organizations_team
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION outbox.capture('team');
CREATE TRIGGER outbox_inserted AFTER INSERT ON organizations_teammembership
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION outbox.capture('membership');
CREATE TRIGGER outbox_updated AFTER UPDATE ON organizations_teammembership
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION outbox.capture('membership');
