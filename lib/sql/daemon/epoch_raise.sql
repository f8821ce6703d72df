-- epoch_raise.sql: the legacy database knows epoch $1. Where the vNext one has never drawn it, it was restored from an older
-- copy: epochs go on above it, and every table ($2 entities) is synced anew, because its changes since then are not in the
-- queue. Says whether that was so.
WITH behind AS MATERIALIZED (
    SELECT FROM dualwrite.epoch e WHERE e.last_value < $1::pg_catalog.int8
), raised AS MATERIALIZED (
    SELECT pg_catalog.setval('dualwrite.epoch', $1::pg_catalog.int8) AS epoch FROM behind
), forgotten AS (
    DELETE FROM dualwrite.reconcile WHERE EXISTS (SELECT FROM raised) -- found in other rows: no answer about these
), marked AS MATERIALIZED (
    SELECT pg_catalog.nextval(('dualwrite.resync_' || r.entity)::pg_catalog.regclass) AS mark
    FROM dualwrite.resync r, raised WHERE r.entity = ANY ($2::pg_catalog.text[])
)
SELECT EXISTS (SELECT FROM raised) AS restored, (SELECT pg_catalog.count(m.mark) FROM marked m) AS entities
