-- graphile_array.sql: one job for the rows of a statement, 1000 at most in each: graphile-worker's batch jobs, whose payload is
-- an array. The least jobs there can be, where applications write many rows in a statement; else the same as a job per row.
CREATE FUNCTION graphile_capture() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
    PERFORM graphile_worker.add_job('sync', json_agg(json_build_object('entity', TG_ARGV[0], 'key', n.id)),
                                    priority := TG_ARGV[1]::integer)
    FROM (SELECT r.id, (row_number() OVER () - 1) / 1000 AS part FROM new_rows r) n
    GROUP BY n.part;
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
