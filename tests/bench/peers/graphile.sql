-- graphile.sql: a trigger per row, each adding a job, as users of graphile-worker do. Teams go first: a membership needs its
-- team's legacy row. The jobs table lets only its owner in (row security), so the function runs as its owner.
CREATE FUNCTION graphile_capture() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
    PERFORM graphile_worker.add_job('sync', json_build_object('entity', TG_ARGV[0], 'key', NEW.id),
                                    priority := TG_ARGV[1]::integer);
    RETURN NULL;
END $$;
CREATE TRIGGER graphile_capture AFTER INSERT OR UPDATE ON organizations_team
    FOR EACH ROW EXECUTE FUNCTION graphile_capture('team', '0');
CREATE TRIGGER graphile_capture AFTER INSERT OR UPDATE ON organizations_teammembership
    FOR EACH ROW EXECUTE FUNCTION graphile_capture('membership', '1');
