-- epoch.sql: this batch's epoch, drawn while its partitions are held: it is above that of every batch before it.
SELECT pg_catalog.nextval('dualwrite.epoch') AS epoch
