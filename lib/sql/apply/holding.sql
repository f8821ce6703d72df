-- apply/holding.sql: template, the part of holders.sql for one index. Bare names in what the index is made of mean a row as
-- it is to be (v), or a legacy row as it is (the first h); equal is what the index itself takes for equal.
SELECT r.n, :{index} AS "index", o.n AS holder, pg_catalog.array_to_json(ARRAY[:{holder_key}]::pg_catalog.text[]) AS key
FROM r:{removed}
LEFT JOIN :{target} t ON :{match}
CROSS JOIN LATERAL (SELECT :{keys} FROM (SELECT :{wanted}) v:{where}) x
CROSS JOIN LATERAL (SELECT h.* FROM :{target} h WHERE :{equal}) h
LEFT JOIN r o ON :{match_other}
WHERE (r."write" OR r."create") AND NOT (:{match_self})
