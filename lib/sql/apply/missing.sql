-- apply/missing.sql: template. Which of the legacy keys $1 have no legacy row.
SELECT k.key
FROM unnest($1::pg_catalog.text[]) k(key)
WHERE NOT EXISTS (SELECT FROM :{target} t WHERE t.:{target_key} = k.key:::{target_key_type})
