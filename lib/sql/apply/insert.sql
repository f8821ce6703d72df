-- apply/insert.sql: template. The legacy rows that are not there.
INSERT INTO :{target} (:{columns}) OVERRIDING SYSTEM VALUE
SELECT :{expected}
FROM (:{rows}) r:{removed}
LEFT JOIN :{target} t ON :{match}
WHERE r."create" AND t.:{first_key} IS NULL
ORDER BY r.n
