-- flags_effective.sql: every flag with its effective value and where that comes from. In no order.
SELECT e.flag, e.value, e.source, e.disagreement, e.published, e.override, e.override_who,
       pg_catalog.to_char(e.override_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS override_at, e.override_why
FROM dualwrite.effective_flag e
