-- reconcile/find.sql: what was found, $1 an array of objects; an identity that is there already is not found again.
INSERT INTO dualwrite.reconcile_finding (entity, class, state, ref, identity, removal, mendable, columns)
SELECT f.entity, f.class, f.state, f.ref, f.identity, f.removal, f.mendable, f.columns
FROM pg_catalog.json_to_recordset($1::pg_catalog.json)
     AS f(entity pg_catalog.text, class pg_catalog.text, state pg_catalog.text, ref pg_catalog.text[],
          identity pg_catalog.text[], removal pg_catalog.bool, mendable pg_catalog.bool,
          columns pg_catalog.text[])
WHERE NOT EXISTS (
    SELECT FROM dualwrite.reconcile_finding k
    WHERE k.entity = f.entity
      AND pg_catalog.hash_array_extended(k.identity, 0) = pg_catalog.hash_array_extended(f.identity, 0)
      AND k.identity = f.identity)
