-- reconcile/last.sql: template. The last key there is now. A pass goes no further: rows that come after it are synced by events of
-- their own, and writers could add them faster than a pass with small chunks looks at them.
SELECT ARRAY[:{key_text}]::pg_catalog.text[] AS last FROM :{table} n ORDER BY :{key_descending} LIMIT 1
