-- report/vnext.sql: template. How many vNext teams are active, and how many were made in the last 24 hours.
SELECT pg_catalog.count(*) FILTER (WHERE s.active) AS active, pg_catalog.count(*) FILTER (WHERE s.recent) AS recent
FROM (:{root}) s WHERE s.wanted
