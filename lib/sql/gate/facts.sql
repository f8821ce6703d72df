-- gate/facts.sql: what `gate` asks beside status/overview.sql, as one JSON document: how far behind, what failed, what is
-- installed, the newest reconcile run. $1 the mapping's text.
WITH clock AS MATERIALIZED (
    SELECT pg_catalog.clock_timestamp() AS now
)
SELECT pg_catalog.json_build_object(
    'waiting_age', (SELECT extract(epoch FROM c.now - o.captured_at) FROM dualwrite.outbox o ORDER BY o.id LIMIT 1),
    'retrying_age', (SELECT extract(epoch FROM c.now - pg_catalog.min(f.captured_at))
                     FROM dualwrite.failed f WHERE f.retry_at IS NOT NULL),
    'retrying', (SELECT pg_catalog.count(*) FROM dualwrite.failed f WHERE f.retry_at IS NOT NULL),
    'parked', (SELECT pg_catalog.count(*) FROM dualwrite.failed f WHERE f.retry_at IS NULL),
    'guard', coalesce(dualwrite.setting('guard'), 'off'),
    'same_mapping', dualwrite.setting('mapping_digest')
                    IS NOT DISTINCT FROM pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to($1, 'UTF8')), 'hex'),
    'reconcile', (SELECT coalesce(pg_catalog.json_agg(pg_catalog.json_build_object(
                      'entity', r.entity, 'done', r.pass = 'done',
                      'same_mapping', r.mapping_digest IS NOT DISTINCT FROM dualwrite.setting('mapping_digest'),
                      'age', extract(epoch FROM c.now - r.started_at),
                      'found', (SELECT pg_catalog.count(*) FROM dualwrite.reconcile_finding f
                                WHERE f.entity = r.entity AND f.state NOT IN ('open', 'fixed')),
                      'open', (SELECT pg_catalog.count(*) FROM dualwrite.reconcile_finding f
                               WHERE f.entity = r.entity AND f.state = 'open')) ORDER BY r.place), '[]')
                  FROM dualwrite.reconcile r)
) AS answer
FROM clock c
