-- report/members_legacy.sql: template. How many active legacy rows the parents $1 have.
SELECT t.:{parent}::pg_catalog.text AS root, pg_catalog.count(*) AS members
FROM :{target} t
WHERE :{active} AND t.:{parent} = ANY ($1::pg_catalog.text[]:::{type}[])
GROUP BY t.:{parent}
