-- pgboss.sql: the jobs of a statement by one trigger, straight into the jobs table as its documentation allows. Teams go first:
-- a membership needs its team's legacy row. NOTIFY is not pg-boss's own: without it a job waits for the next look.
CREATE FUNCTION pgboss_capture() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO pgboss.job (name, data, priority)
    SELECT 'sync', jsonb_build_object('entity', TG_ARGV[0], 'key', n.id), TG_ARGV[1]::integer FROM new_rows n;
    NOTIFY pgboss_sync;
    RETURN NULL;
END $$;
GRANT USAGE ON SCHEMA pgboss TO PUBLIC;
GRANT INSERT ON pgboss.job TO PUBLIC;
CREATE TRIGGER pgboss_inserted AFTER INSERT ON organizations_team
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION pgboss_capture('team', '1');
CREATE TRIGGER pgboss_updated AFTER UPDATE ON organizations_team
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION pgboss_capture('team', '1');
CREATE TRIGGER pgboss_inserted AFTER INSERT ON organizations_teammembership
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION pgboss_capture('membership', '0');
CREATE TRIGGER pgboss_updated AFTER UPDATE ON organizations_teammembership
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION pgboss_capture('membership', '0');
