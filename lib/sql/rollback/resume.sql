-- rollback/resume.sql: takes overrides back: those of the flags $1, with NULL all. Gives what they said.
WITH gone AS MATERIALIZED (
    SELECT o.flag FROM dualwrite.override o WHERE $1::pg_catalog.text[] IS NULL OR o.flag = ANY ($1::pg_catalog.text[])
    ORDER BY o.flag FOR UPDATE
)
DELETE FROM dualwrite.override o USING gone g WHERE o.flag = g.flag
RETURNING o.flag, o.value, o.who, o.why, pg_catalog.to_char(o.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS at
