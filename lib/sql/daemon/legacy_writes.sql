-- legacy_writes.sql: in a legacy database of its own: statements of the last 24 hours that wrote its tables past the daemon, as the
-- guard recorded them; no more than 10 000 are counted. By the index, for which the time must be a stable function's: nobody clears
-- the years before.
SELECT pg_catalog.count(*)
FROM (SELECT FROM dualwrite.legacy_write l WHERE l.at > pg_catalog.statement_timestamp() - interval '24 hours'
      ORDER BY l.at DESC LIMIT 10000) l
