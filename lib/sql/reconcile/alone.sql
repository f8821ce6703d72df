-- reconcile/alone.sql: at most one reconcile works in a database; the session holds it, so it goes with the session.
SELECT pg_catalog.pg_try_advisory_lock(1685414252, -1)
