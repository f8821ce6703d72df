-- reconcile/start.sql: a new run looks at entity $2, as number $1; $3 the mapping's digest.
INSERT INTO dualwrite.reconcile (place, entity, mapping_digest) VALUES ($1::pg_catalog.int4, $2, $3)
