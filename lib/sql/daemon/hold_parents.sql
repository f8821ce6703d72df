-- hold_parents.sql: takes the partitions of parents that are about to be made for their children, by the parents' keys $1:
-- else their own daemon could deal with their removal at the same time, and see nothing to remove. Waits a moment for whoever
-- has one: batches are short.
SELECT pg_catalog.pg_advisory_xact_lock(1685414252, p.partition), p.partition
FROM (SELECT DISTINCT (coalesce(pg_catalog.hashtextextended(u.key, 0) & 1023, 0)
                       * dualwrite.setting('partitions')::pg_catalog.int4 / 1024)::pg_catalog.int4 AS partition
      FROM unnest($1::pg_catalog.text[]) u(key) ORDER BY 1) p
