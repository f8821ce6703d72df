-- integrity/keys.sql: template. The keys that a check finds, as one array; with `among` only those of an array: where the check
-- lets that through to an index, it need not look at the whole table again.
SELECT coalesce(pg_catalog.array_agg(f.key::pg_catalog.text), '{}')::pg_catalog.text AS keys
FROM (
:{find}
) f:{narrowed}:{among}
