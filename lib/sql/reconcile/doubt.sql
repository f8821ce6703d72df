-- reconcile/doubt.sql: template. What else there is to know of each wanted identity, in the snapshot in which its row is read:
-- which versions of source rows it has, whether an event of it waits, and whether one has failed.
WITH w AS MATERIALIZED (:{wanted}), waiting AS (
    SELECT DISTINCT :{outbox_identity}
    FROM dualwrite.outbox o
    WHERE o.entity = :{entity}
      AND o.bucket / 16 = ANY (ARRAY(SELECT coalesce(pg_catalog.hashtextextended(w.:{root}::pg_catalog.text, 0) & 1023, 0)
                                            ::pg_catalog.int4 / 16 FROM w))
), failed AS (
    SELECT :{failed_identity}, pg_catalog.min(f.message) AS message, pg_catalog.bool_and(f.retry_at IS NULL) AS parked
    FROM dualwrite.failed f
    WHERE f.entity = :{entity}
    GROUP BY :{failed_groups}
), marked AS (
    SELECT EXISTS (
        SELECT FROM dualwrite.resync r
        WHERE r.entity = :{entity}
          AND coalesce(pg_catalog.pg_sequence_last_value(('dualwrite.resync_' || r.entity)::pg_catalog.regclass), 0) > r.handled
    ) AS now
)
SELECT w.n, s.version, e.i0 IS NOT NULL OR marked.now AS waits, f.message, coalesce(f.parked, false) AS parked
FROM w
CROSS JOIN marked
LEFT JOIN LATERAL (
    SELECT pg_catalog.string_agg(source.xmin::pg_catalog.text || source.ctid::pg_catalog.text, ',' ORDER BY source.ctid) AS version
    FROM :{source} source WHERE :{identity}) s ON true
LEFT JOIN waiting e ON :{waiting_same}
LEFT JOIN failed f ON :{failed_same}
ORDER BY w.n
