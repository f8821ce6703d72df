-- install/role_there.sql: does this server have the daemons' role?
SELECT EXISTS (SELECT FROM pg_catalog.pg_roles r WHERE r.rolname = 'dualwrite_daemon')
