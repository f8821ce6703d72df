-- integrity/compared.sql: how far the last `reconcile` got, by entity, as one JSON object.
SELECT coalesce(pg_catalog.json_object_agg(r.entity, pg_catalog.json_build_object(
           'done', r.pass = 'done',
           'same_mapping', r.mapping_digest IS NOT DISTINCT FROM dualwrite.setting('mapping_digest'),
           'age', extract(epoch FROM pg_catalog.clock_timestamp() - r.started_at),
           'open', (SELECT pg_catalog.count(*) FROM dualwrite.reconcile_finding f
                    WHERE f.entity = r.entity AND f.state = 'open'))), '{}') AS runs
FROM dualwrite.reconcile r
