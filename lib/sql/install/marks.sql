-- install/marks.sql: how many tables wait for a resync: their mark stands above what was dealt with.
SELECT count(*) FROM dualwrite.resync r
WHERE pg_catalog.pg_sequence_last_value(
          pg_catalog.to_regclass(pg_catalog.format('dualwrite.%I', 'resync_' || r.entity))) > r.handled
