-- backup/order.sql: every mapped table is synced anew: raises the resync marks.
SELECT pg_catalog.count(pg_catalog.nextval(('dualwrite.resync_' || r.entity)::pg_catalog.regclass)) FROM dualwrite.resync r
