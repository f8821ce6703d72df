-- integrity/mend_before.sql: template. Locks the rows of keys $7 and keeps each as it is, whole: mend $1, pack $2, check $3, table
-- $4.$5, its key column $6.
INSERT INTO dualwrite.mended_row (mend, pack, check_name, table_schema, table_name, key_column, key, layout, before)
SELECT $1::pg_catalog.int8, $2, $3, $4, $5, $6, t.:{key}::pg_catalog.text, :{layout}, (t.*)::pg_catalog.text
FROM :{table} t
WHERE t.:{key} = ANY ($7:::{type}[])
FOR UPDATE OF t
