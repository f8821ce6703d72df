-- integrity/history.sql: the last $2 runs of pack $1, oldest first, as one JSON array.
SELECT coalesce(pg_catalog.json_agg(pg_catalog.json_build_object(
           'at', pg_catalog.to_char(r.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
           'age', extract(epoch FROM pg_catalog.clock_timestamp() - r.at),
           'score', r.score, 'status', r.status, 'issues', r.issues) ORDER BY r.at, r.id), '[]') AS runs
FROM (SELECT * FROM dualwrite.monitor_run n WHERE n.pack = $1 ORDER BY n.at DESC, n.id DESC LIMIT $2::pg_catalog.int4) r
