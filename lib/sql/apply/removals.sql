-- apply/removals.sql: template. How many removals of this entity wait, those that were stopped before too and those that
-- reconcile judged not, and how many source rows are left: counted as far as a share of $1 percent needs it and a million at most, estimated beyond.
WITH waiting AS MATERIALIZED (
    SELECT o.waiting + (SELECT pg_catalog.count(*) FROM dualwrite.failed f
                        WHERE f.entity = :{entity} AND f.operation = :{operation_remove} AND f.sqlstate = :{sqlstate}
                          AND f.retry_at IS NULL) AS removals, o.newest
    FROM (SELECT pg_catalog.count(*) AS waiting, coalesce(pg_catalog.max(o.id), 0) AS newest
          FROM dualwrite.outbox o WHERE o.entity = :{entity} AND o.operation = :{operation_remove}
            AND o.actor IS DISTINCT FROM :{reconcile}) o
), counted AS MATERIALIZED (
    SELECT pg_catalog.count(*) AS rows
    FROM (SELECT FROM :{source}
          LIMIT (SELECT least(w.removals * (100 - $1::pg_catalog.int4) / $1::pg_catalog.int4 + 1, 1000000) FROM waiting w)) s
)
SELECT w.removals, w.newest,
       CASE WHEN c.rows < 1000000 THEN c.rows ELSE greatest(c.rows, (
           SELECT pg_catalog.sum(p.reltuples)::pg_catalog.int8
           FROM pg_catalog.pg_class p, pg_catalog.to_regclass(pg_catalog.format('%I.%I', :{source_name})) AS s(oid)
           WHERE p.oid = s.oid OR p.oid IN (SELECT i.inhrelid FROM pg_catalog.pg_inherits i WHERE i.inhparent = s.oid)))
       END AS rows
FROM waiting w, counted c
