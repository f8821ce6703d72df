-- lease_drop.sql: where the legacy database's fences $2 of the partitions $1 are below the leases $3 (by partition from 0 on),
-- it was restored from an older copy: what it is known to have is forgotten, and every table ($4 entities) is synced anew,
-- because nothing of what it lost is in the queue. Only where the lease is still that one: of several daemons that find it
-- out, one does it: the other waits for its row locks, and finds nothing left to drop. Says whether that was so.
WITH behind AS MATERIALIZED (
    SELECT FROM unnest($1::pg_catalog.int4[], $2::pg_catalog.int8[]) AS u(partition, epoch)
    JOIN dualwrite.lease l ON l.partition = u.partition
    WHERE u.epoch < l.epoch AND l.epoch = ($3::pg_catalog.int8[])[u.partition + 1]
), dropped AS (
    UPDATE dualwrite.lease l SET epoch = 0 WHERE l.epoch > 0 AND EXISTS (SELECT FROM behind) RETURNING 1
), forgotten AS (
    DELETE FROM dualwrite.reconcile WHERE EXISTS (SELECT FROM dropped) -- found in other rows: no answer about these
), marked AS MATERIALIZED (
    SELECT pg_catalog.nextval(('dualwrite.resync_' || r.entity)::pg_catalog.regclass) AS mark
    FROM dualwrite.resync r WHERE EXISTS (SELECT FROM dropped) AND r.entity = ANY ($4::pg_catalog.text[])
)
SELECT EXISTS (SELECT FROM dropped) AS restored, (SELECT pg_catalog.count(*) FROM dropped) AS leases,
       (SELECT pg_catalog.count(m.mark) FROM marked m) AS entities
