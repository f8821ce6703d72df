-- lineage.sql: is the vNext database still the one that the daemons worked with last? Else another server took over, or it is a
-- copy: the last transactions of the one before may be missing, and legacy has them. Then every table ($1 entities) is synced
-- anew. Of several daemons that find it out, one does it. Says whether that was so.
WITH here AS MATERIALIZED (
    SELECT dualwrite.lineage() AS known
), first AS (
    INSERT INTO dualwrite.lineage (known) SELECT here.known FROM here WHERE here.known IS NOT NULL ON CONFLICT DO NOTHING
), changed AS (
    UPDATE dualwrite.lineage l SET known = here.known FROM here WHERE l.known <> here.known RETURNING 1
), forgotten AS (
    DELETE FROM dualwrite.reconcile WHERE EXISTS (SELECT FROM changed) -- found in other rows: no answer about these
), marked AS MATERIALIZED (
    SELECT pg_catalog.nextval(('dualwrite.resync_' || r.entity)::pg_catalog.regclass) AS mark
    FROM dualwrite.resync r WHERE EXISTS (SELECT FROM changed) AND r.entity = ANY ($1::pg_catalog.text[])
)
SELECT EXISTS (SELECT FROM changed) AS another, (SELECT pg_catalog.count(m.mark) FROM marked m) AS entities
