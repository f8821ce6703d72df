-- apply/verify.sql: template. Reads back what the legacy side now holds: is there a row (shadow), is it what was asked for.
SELECT r.n, t.:{first_key} IS NOT NULL AS shadow, coalesce(:{equal}, false) AS equal
FROM (:{rows}) r:{removed}
LEFT JOIN :{target} t ON :{match}
