-- smoke/written.sql: which tables this session has written, and not yet told the statistics: asked before and after the
-- statements of a transaction, the difference is what that transaction wrote, whoever's triggers did it.
SELECT coalesce(pg_catalog.json_object_agg(pg_catalog.format('%I.%I', s.schemaname, s.relname),
                                           ARRAY[s.n_tup_ins, s.n_tup_upd, s.n_tup_del]), '{}') AS written
FROM pg_catalog.pg_stat_xact_all_tables s
WHERE s.schemaname NOT IN ('pg_catalog', 'information_schema') AND s.schemaname !~ '^pg_toast'
  AND s.n_tup_ins + s.n_tup_upd + s.n_tup_del > 0
  AND pg_catalog.current_setting('track_counts') = 'on'
