-- integrity/keep.sql: keeps what `monitor` found of pack $1: $2 hours, $3 score, $4 status, $5 issues, $6 the document. The runs of
-- the last 400 days are kept, of a pack at most 10000.
WITH old AS (
    DELETE FROM dualwrite.monitor_run r
    WHERE r.at < pg_catalog.now() - '400 days'::pg_catalog.interval
       OR r.id <= (SELECT n.id FROM dualwrite.monitor_run n WHERE n.pack = $1 ORDER BY n.id DESC OFFSET 9999 LIMIT 1)
          AND r.pack = $1
)
INSERT INTO dualwrite.monitor_run (pack, period_hours, score, status, issues, document)
VALUES ($1, $2::pg_catalog.int4, $3::pg_catalog.int4, $4, $5::pg_catalog.int4, $6::pg_catalog.jsonb)
