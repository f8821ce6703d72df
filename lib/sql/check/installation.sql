-- check/installation.sql: what is installed here. $1 the mapping's text.
SELECT (SELECT s.value FROM dualwrite.setting s WHERE s.key = 'schema_version') AS schema_version,
       (SELECT s.value FROM dualwrite.setting s WHERE s.key = 'guard') AS guard,
       (SELECT s.value FROM dualwrite.setting s WHERE s.key = 'partitions') AS partitions,
       coalesce((SELECT s.value FROM dualwrite.setting s WHERE s.key = 'side'), 'both') AS side,
       coalesce((SELECT s.value FROM dualwrite.setting s WHERE s.key = 'mapping_digest')
                = pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to($1, 'UTF8')), 'hex'), false) AS same_mapping
