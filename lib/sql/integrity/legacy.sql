-- integrity/legacy.sql: template. Legacy's rows that a check of vNext joins, as they go over; what takes them is legacy_take.sql.
COPY (
    SELECT l.key::pg_catalog.text, l.value::pg_catalog.text FROM (
:{legacy}
    ) l
) TO STDOUT
