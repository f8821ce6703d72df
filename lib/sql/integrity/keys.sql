-- integrity/keys.sql: template. The keys that a check finds, as one array.
SELECT coalesce(pg_catalog.array_agg(f.key::pg_catalog.text), '{}')::pg_catalog.text AS keys
FROM (
:{find}
) f:{narrowed}
