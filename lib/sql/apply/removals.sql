-- apply/removals.sql: template. How many removals of this entity wait, those that were stopped before too and those that
-- reconcile judged not, and how many source rows are left: counted as far as a share of $1 percent needs it and a million at most, estimated beyond.
--
-- Where the events are too many, the rows are counted: of one that came and went while its events waited nothing is lost, nor of
-- one that is there again.
WITH stopped AS MATERIALIZED (
    SELECT pg_catalog.count(*) AS rows FROM dualwrite.failed f
    WHERE f.entity = :{entity} AND f.operation = :{operation_remove} AND f.sqlstate = :{sqlstate} AND f.retry_at IS NULL
), waiting AS MATERIALIZED (
    SELECT pg_catalog.count(*) AS events, coalesce(pg_catalog.max(o.id), 0) AS newest
    FROM dualwrite.outbox o
    WHERE o.entity = :{entity} AND o.operation = :{operation_remove} AND o.actor IS DISTINCT FROM :{reconcile}
), counted AS MATERIALIZED (
    SELECT pg_catalog.count(*) AS rows
    FROM (SELECT FROM :{source}
          LIMIT (SELECT least((s.rows + w.events) * (100 - $1::pg_catalog.int4) / $1::pg_catalog.int4 + 1, 1000000)
                 FROM stopped s, waiting w)) s
), remaining AS MATERIALIZED (
    SELECT CASE WHEN c.rows < 1000000 THEN c.rows ELSE greatest(c.rows, (
               SELECT pg_catalog.sum(p.reltuples)::pg_catalog.int8
               FROM pg_catalog.pg_class p, pg_catalog.to_regclass(pg_catalog.format('%I.%I', :{source_name})) AS s(oid)
               WHERE p.oid = s.oid OR p.oid IN (SELECT i.inhrelid FROM pg_catalog.pg_inherits i WHERE i.inhparent = s.oid)))
           END AS rows
    FROM counted c
)
SELECT s.rows + CASE WHEN (s.rows + w.events) * 100 <= $1::pg_catalog.int4 * (s.rows + w.events + r.rows) THEN w.events ELSE (
           SELECT pg_catalog.count(*)
           FROM (SELECT FROM dualwrite.outbox o
                 WHERE o.entity = :{entity} AND o.actor IS DISTINCT FROM :{reconcile}
                 GROUP BY :{identity}
                 HAVING pg_catalog.max(o.id) = pg_catalog.max(o.id) FILTER (WHERE o.operation = :{operation_remove})
                    AND pg_catalog.min(o.id) IS DISTINCT FROM
                        pg_catalog.min(o.id) FILTER (WHERE o.operation = :{operation_insert})) gone) END AS removals,
       w.newest, r.rows
FROM stopped s, waiting w, remaining r
