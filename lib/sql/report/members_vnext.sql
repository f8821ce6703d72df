-- report/members_vnext.sql: template. How many legacy rows the active vNext rows of the parents $1 should have: one for each
-- identity, not for each source row.
SELECT d.root, pg_catalog.count(*) AS members
FROM (SELECT DISTINCT :{numbers}, s.root
      FROM (SELECT :{identity}, :{parent} AS parent, :{parent}::pg_catalog.text AS root, :{active} AS active FROM :{source}) s
      WHERE s.active AND s.parent = ANY ($1::pg_catalog.text[]:::{type}[])) d
GROUP BY d.root
