-- gate/present.sql: template. Present vNext rows, those that the map knows, and those of the others that an event waits for: the
-- map gets its row with the acknowledgement, so one snapshot sees one or the other.
SELECT (SELECT pg_catalog.count(*) FROM :{source} s WHERE :{present}) AS rows,
       (SELECT pg_catalog.count(*) FROM :{source} s
        WHERE :{present} AND EXISTS (SELECT FROM :{map} m WHERE :{same})) AS mapped,
       (SELECT pg_catalog.count(*) FROM :{source} s
        WHERE :{present} AND NOT EXISTS (SELECT FROM :{map} m WHERE :{same})
          AND EXISTS (SELECT FROM (SELECT o.ref FROM dualwrite.outbox o WHERE o.entity = :{entity}
                                   UNION ALL
                                   SELECT f.ref FROM dualwrite.failed f WHERE f.entity = :{entity} AND f.retry_at IS NOT NULL) e
                      WHERE :{event})) AS waiting
