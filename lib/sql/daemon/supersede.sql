-- supersede.sql: of several failed events of one row only the newest is kept: they all say "look at that row". $1 ids.
DELETE FROM dualwrite.failed f USING dualwrite.failed n
WHERE n.event_id = ANY ($1::pg_catalog.int8[]) AND n.entity = f.entity AND n.ref = f.ref AND f.event_id < n.event_id
