-- check/fits.sql: template. Reads values by the columns' own types, as an insert would: it fails where one does not fit.
-- (A cast would cut what is too long for varchar(n).) $1 an array of objects.
SELECT pg_catalog.count(*):{read} FROM pg_catalog.json_to_recordset($1::pg_catalog.json) AS r(:{declared})
