-- cleanup/one.sql: one cleanup at a time, for this session. In the vNext database.
SELECT pg_catalog.pg_try_advisory_lock(1685414254, 1) AS held
