-- cleanup/referring.sql: template. How many rows of another table refer to those that are to be deleted, and are not to be deleted
-- themselves.
SELECT pg_catalog.count(*)
FROM :{referring} r
WHERE (:{columns}) IN (SELECT :{referenced} FROM :{table} t WHERE :{where}):{others}
