-- reconcile/step.sql: entity $1 has got so far: $2 the pass, $3 the last key, $4 vNext rows of $5 seen, $6 legacy rows of $7 seen,
-- $8 of them unmapped.
UPDATE dualwrite.reconcile r
SET pass = $2, position = $3::pg_catalog.text[], vnext_seen = $4::pg_catalog.int8, vnext_rows = $5::pg_catalog.int8,
    legacy_seen = $6::pg_catalog.int8, legacy_rows = $7::pg_catalog.int8, unmapped = $8::pg_catalog.int8,
    moved_at = pg_catalog.clock_timestamp()
WHERE r.entity = $1
