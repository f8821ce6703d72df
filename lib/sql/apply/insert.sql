-- apply/insert.sql: template. The legacy rows that are not there. One whose key a lookup made NULL would be made each time.
INSERT INTO :{target} (:{columns}) OVERRIDING SYSTEM VALUE
SELECT :{expected}
FROM (:{rows}) r:{removed}
LEFT JOIN :{target} t ON :{match}
WHERE r."create" AND t.:{first_key} IS NULL AND :{key_known}
ORDER BY r.n
