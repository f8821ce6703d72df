-- explain/place.sql: who would do it: $1 the text of the column that is hashed into the bucket, $2 entity. The partition, to
-- which live daemon it is dealt, whether somebody works on it at this moment, and whether the whole table is synced anew.
WITH place AS MATERIALIZED (
    SELECT b.bucket, b.bucket * dualwrite.setting('partitions')::pg_catalog.int4 / 1024 AS p
    FROM (SELECT coalesce(pg_catalog.hashtextextended($1::pg_catalog.text, 0) & 1023, 0)::pg_catalog.int4 AS bucket) b
)
SELECT p.bucket, pg_catalog.json_build_object(
    'partition', p.p, 'instance', d.instance, 'host', d.host, 'pid', d.pid,
    'held', EXISTS (SELECT FROM pg_catalog.pg_locks k
                    WHERE k.locktype = 'advisory' AND k.classid = 1685414252 AND k.objid = p.p::pg_catalog.oid AND k.objsubid = 2
                      AND k.granted AND k.database = (SELECT b.oid FROM pg_catalog.pg_database b
                                                      WHERE b.datname = pg_catalog.current_database()))) AS place,
    coalesce(dualwrite.flag_is_on('TEAM_VNEXT_DUAL_WRITE_ENABLED'), false) AS enabled,
    EXISTS (SELECT FROM dualwrite.resync r
            WHERE r.entity = $2
              AND coalesce(pg_catalog.pg_sequence_last_value(('dualwrite.resync_' || r.entity)::pg_catalog.regclass), 0)
                  > r.handled) AS resync
FROM place p
LEFT JOIN LATERAL (SELECT l.instance, l.host, l.pid FROM dualwrite.live_daemon l
                   WHERE p.p IN (SELECT dualwrite.partitions_of(l.instance)) LIMIT 1) d ON true
