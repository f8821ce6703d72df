-- explain/compare.sql: template. Column by column, what the mapping asks for and what the legacy row has, as text; compared as
-- verify.sql does, whose judgement counts. $1 JSON rows, see dualwrite/sqlrow.h.
SELECT t.:{first_key} IS NOT NULL AS found,
       CASE WHEN pg_catalog.current_setting('track_commit_timestamp') = 'on' AND t.:{first_key} IS NOT NULL
            THEN pg_catalog.to_char(pg_catalog.pg_xact_commit_timestamp(t.xmin) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
       END AS written_at,
       (SELECT coalesce(pg_catalog.json_agg(c.*), '[]')
        FROM (VALUES :{columns}) AS c("column", rule, vnext, legacy, same) WHERE c."column" IS NOT NULL) AS columns
FROM (:{rows}) r:{removed}
LEFT JOIN :{target} t ON :{match}
