-- reconcile/judge.sql: what became of findings, $1 an array of objects. One that is gone is forgotten.
WITH judged AS MATERIALIZED (
    SELECT * FROM pg_catalog.json_to_recordset($1::pg_catalog.json)
        AS j(id pg_catalog.int8, class pg_catalog.text, state pg_catalog.text, columns pg_catalog.text[],
             mendable pg_catalog.bool, removal pg_catalog.bool)
), gone AS (
    DELETE FROM dualwrite.reconcile_finding f USING judged j WHERE f.id = j.id AND j.state IS NULL
)
UPDATE dualwrite.reconcile_finding f
SET state = j.state, class = coalesce(j.class, f.class), columns = coalesce(j.columns, f.columns),
    mendable = coalesce(j.mendable, f.mendable), removal = f.removal OR coalesce(j.removal, false)
FROM judged j WHERE f.id = j.id AND j.state IS NOT NULL
