-- apply/yielded.sql: template. After yield.sql and the update: fails where a legacy row still has its placeholder.
SELECT dualwrite.placeholder_left(:{target_name})
FROM (:{rows}) r
JOIN :{target} t ON :{match}
WHERE :{any_left}
