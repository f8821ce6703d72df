-- survey_health.sql: the last runs of `monitor`, newest of each rule pack first, with the scores of those before. Only where
-- survey.sql says that they can be read.
WITH run AS MATERIALIZED (
    SELECT r.*, pg_catalog.row_number() OVER (PARTITION BY r.pack ORDER BY r.id DESC) AS back,
           pg_catalog.to_char(r.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS at_text
    FROM (SELECT m.id, m.at, m.pack, m.score, m.status, m.issues FROM dualwrite.monitor_run m
          ORDER BY m.id DESC LIMIT 1000) r
)
SELECT coalesce(pg_catalog.json_agg(pg_catalog.json_build_object(
    'pack', r.pack, 'at', r.at_text, 'score', r.score,
    'status', r.status, 'issues', r.issues,
    'history', (SELECT pg_catalog.json_agg(pg_catalog.json_build_object('at', h.at_text, 'score', h.score) ORDER BY h.id)
                FROM run h WHERE h.pack = r.pack AND h.back <= 60)) ORDER BY r.pack), '[]') AS answer
FROM run r WHERE r.back = 1
