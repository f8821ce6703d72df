-- status/failed.sql: failed events: how many, since when, and the commonest causes.
WITH cause AS MATERIALIZED (
    SELECT f.entity, f.sqlstate, f.exception_type, f.constraint_name,
           pg_catalog.count(*) FILTER (WHERE f.retry_at IS NULL) AS parked,
           pg_catalog.count(*) FILTER (WHERE f.retry_at IS NOT NULL) AS retrying,
           pg_catalog.min(f.first_failed_at) AS since
    FROM dualwrite.failed f GROUP BY 1, 2, 3, 4
)
SELECT pg_catalog.json_build_object(
    'parked', coalesce(pg_catalog.sum(c.parked), 0), 'retrying', coalesce(pg_catalog.sum(c.retrying), 0), 'exact', true,
    'oldest_age_seconds', pg_catalog.round(extract(epoch FROM pg_catalog.clock_timestamp() - pg_catalog.min(c.since))
                                           ::pg_catalog.numeric, 3),
    'causes', (SELECT coalesce(pg_catalog.json_agg(pg_catalog.json_build_object(
                          'entity', t.entity, 'sqlstate', t.sqlstate, 'exception_type', t.exception_type,
                          'constraint', t.constraint_name, 'parked', t.parked, 'retrying', t.retrying)
                          ORDER BY t.parked + t.retrying DESC, t.entity, t.sqlstate), '[]')
               FROM (SELECT * FROM cause ORDER BY parked + retrying DESC, entity, sqlstate LIMIT 5) t)) AS answer
FROM cause c
