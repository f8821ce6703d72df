-- integrity/mend_after.sql: template. After the mend: each row of mend $1, check $2, pack $3 as it is now (NULL: deleted), and only
-- those that this transaction changed are kept. How many that are.
WITH now AS MATERIALIZED (
    SELECT r.id, t::pg_catalog.text AS after, t.:{key} IS NULL AS gone,
           t.xmin::pg_catalog.text = pg_catalog.pg_current_xact_id()::pg_catalog.xid::pg_catalog.text AS changed
    FROM dualwrite.mended_row r LEFT JOIN :{table} t ON t.:{key} = r.key:::{type}
    WHERE r.mend = $1::pg_catalog.int8 AND r.check_name = $2 AND r.pack = $3
), kept AS (
    UPDATE dualwrite.mended_row r SET after = n.after FROM now n WHERE r.id = n.id AND (n.gone OR n.changed) RETURNING r.id
), forgotten AS (
    DELETE FROM dualwrite.mended_row r USING now n WHERE r.id = n.id AND NOT n.gone AND NOT n.changed
)
SELECT pg_catalog.count(*) AS changed FROM kept
