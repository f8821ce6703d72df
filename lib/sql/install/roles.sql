-- roles.sql: the role that the daemons' logins are granted. Before 001_base.sql; idempotent; cluster-wide.
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = 'dualwrite_daemon') THEN
        CREATE ROLE dualwrite_daemon NOLOGIN;
        COMMENT ON ROLE dualwrite_daemon IS 'dualwrited: grant it to the logins the daemons use';
    END IF;
END $$;
