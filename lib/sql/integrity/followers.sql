-- integrity/followers.sql: rows that this transaction has changed in other tables whose foreign keys to $1.$2 follow what becomes of
-- it (ON DELETE CASCADE, SET NULL ...).
SELECT coalesce(pg_catalog.sum(pg_catalog.pg_stat_get_xact_tuples_updated(x.conrelid)
                               + pg_catalog.pg_stat_get_xact_tuples_deleted(x.conrelid)), 0)::pg_catalog.int8 AS rows
FROM (SELECT DISTINCT c.conrelid FROM pg_catalog.pg_constraint c
      WHERE c.contype = 'f' AND c.conrelid <> c.confrelid
        AND c.confrelid = pg_catalog.to_regclass(pg_catalog.format('%I.%I', $1::pg_catalog.text, $2::pg_catalog.text))
        AND (c.confdeltype IN ('c', 'n', 'd') OR c.confupdtype IN ('c', 'n', 'd'))) x
