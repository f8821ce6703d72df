-- deregister.sql: this daemon leaves: others take over its partitions at once. $1 instance.
DELETE FROM dualwrite.daemon d WHERE d.instance = $1::pg_catalog.uuid
