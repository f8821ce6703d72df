-- integrity/mend_after.sql: template. After the mend: each row of mend $1, check $2, pack $3 as it is now (NULL: deleted), and only
-- those that it changed are kept: those whose text differs, and those that were written by a later command of this transaction than
-- the one that kept them; mends before this one may have changed them too. How many that are, and how many of them are gone.
WITH now AS MATERIALIZED (
    SELECT r.id, (t.*)::pg_catalog.text AS after, t.:{key} IS NULL AS gone,
           (t.*)::pg_catalog.text IS DISTINCT FROM r.before
           OR (t.xmin = r.xmin AND t.cmin::pg_catalog.text::pg_catalog.int8 > r.cmin::pg_catalog.text::pg_catalog.int8) AS changed
    FROM dualwrite.mended_row r LEFT JOIN :{table} t ON t.:{key} = r.key:::{type}
    WHERE r.mend = $1::pg_catalog.int8 AND r.check_name = $2 AND r.pack = $3
), kept AS (
    UPDATE dualwrite.mended_row r SET after = n.after FROM now n WHERE r.id = n.id AND n.changed RETURNING n.gone
), forgotten AS (
    DELETE FROM dualwrite.mended_row r USING now n WHERE r.id = n.id AND NOT n.changed
)
SELECT pg_catalog.count(*) AS changed, pg_catalog.count(*) FILTER (WHERE k.gone) AS gone FROM kept k
