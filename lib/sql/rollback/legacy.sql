-- rollback/legacy.sql: what the guard in a legacy database of its own obeys, and how many batches are being written there: each
-- holds the fence. As one JSON document.
SELECT pg_catalog.json_build_object(
    'flags', (SELECT pg_catalog.json_object_agg(e.flag, pg_catalog.json_build_object('value', e.value, 'source', e.source))
              FROM dualwrite.effective_flag e),
    'guard', dualwrite.setting('guard'),
    'batches', (SELECT pg_catalog.count(DISTINCT k.pid) FROM pg_catalog.pg_locks k
                WHERE k.locktype = 'relation' AND k.relation = 'dualwrite.fence'::pg_catalog.regclass
                  AND k.mode = 'RowExclusiveLock' AND k.granted AND k.pid <> pg_catalog.pg_backend_pid()
                  AND k.database = (SELECT b.oid FROM pg_catalog.pg_database b
                                    WHERE b.datname = pg_catalog.current_database()))) AS answer
