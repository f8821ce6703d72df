-- backup/go_on.sql: the override as it was before: $1 value, $2 who, $3 when, $4 why; $1 NULL: there was none.
WITH gone AS (
    DELETE FROM dualwrite.override WHERE flag = 'TEAM_VNEXT_DUAL_WRITE_ENABLED' AND $1::pg_catalog.text IS NULL
)
UPDATE dualwrite.override SET value = $1::pg_catalog.text, who = $2::pg_catalog.text, at = $3::pg_catalog.timestamptz, why = $4::pg_catalog.text
WHERE flag = 'TEAM_VNEXT_DUAL_WRITE_ENABLED' AND $1::pg_catalog.text IS NOT NULL
