-- supersede.sql: of several failed events of one row only the newest is kept: they all say "look at that row". $1 ids.
DELETE FROM dualwrite.failed f USING dualwrite.failed n
WHERE n.event_id = ANY ($1::pg_catalog.int8[]) AND n.entity = f.entity AND n.ref = f.ref
  AND pg_catalog.hash_array_extended(n.ref, 0) = pg_catalog.hash_array_extended(f.ref, 0) AND f.event_id < n.event_id
