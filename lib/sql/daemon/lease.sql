-- lease.sql: with the acknowledgement: the legacy database has committed epoch $1 for the partitions $2.
UPDATE dualwrite.lease l SET epoch = $1::pg_catalog.int8
WHERE l.partition = ANY ($2::pg_catalog.int4[]) AND l.epoch < $1::pg_catalog.int8
