-- cleanup/name.sql: a name that is not a daemon's: a daemon ends the session of another one that holds a partition for too long.
SELECT pg_catalog.set_config('application_name', 'dualwrited-cleanup', false)
