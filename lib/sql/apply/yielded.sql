-- apply/yielded.sql: template. After yield.sql and the update: fails where a legacy row still has its placeholder.
SELECT dualwrite.placeholder_left(:{target_name})
FROM (:{rows}) r:{removed}
JOIN :{target} t ON :{match}
WHERE r."write" AND (:{any_left})
