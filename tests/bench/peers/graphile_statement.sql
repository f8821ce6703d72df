-- graphile_statement.sql: the jobs of a statement by one trigger and one add_jobs, graphile-worker's own way to add many.
CREATE FUNCTION graphile_capture() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
    specs graphile_worker.job_spec[];
BEGIN
    SELECT array_agg(ROW('sync', json_build_object('entity', TG_ARGV[0], 'key', n.id), NULL, NULL, NULL, NULL, TG_ARGV[1],
                         NULL)::graphile_worker.job_spec)
    INTO specs FROM new_rows n;
    IF specs IS NOT NULL THEN
        PERFORM graphile_worker.add_jobs(specs);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER graphile_inserted AFTER INSERT ON organizations_team
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION graphile_capture('team', '0');
CREATE TRIGGER graphile_updated AFTER UPDATE ON organizations_team
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION graphile_capture('team', '0');
CREATE TRIGGER graphile_inserted AFTER INSERT ON organizations_teammembership
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION graphile_capture('membership', '1');
CREATE TRIGGER graphile_updated AFTER UPDATE ON organizations_teammembership
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION graphile_capture('membership', '1');
