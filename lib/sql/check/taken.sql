-- check/taken.sql: template. Rows that would give the legacy table what another row of it has and a unique index keeps
-- apart. $1 an array of objects (stream.sql).
SELECT pg_catalog.count(DISTINCT n.dualwrite_k) AS rows, pg_catalog.min(n.dualwrite_k) AS k
FROM (SELECT dualwrite_k:{own}:{keys}
      FROM (SELECT r.k AS dualwrite_k:{own_fields}:{fields}
            FROM pg_catalog.json_to_recordset($1::pg_catalog.json) AS r(k pg_catalog.text:{declared})) :{name}
      :{predicate}) n
JOIN (SELECT :{target_own}:{keys} FROM :{target} :{predicate}) t ON :{same}
WHERE (:{same_row}) IS NOT TRUE
