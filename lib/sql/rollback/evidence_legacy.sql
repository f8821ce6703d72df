-- rollback/evidence_legacy.sql: what a legacy database of its own adds to evidence.sql, as one JSON document.
SELECT pg_catalog.json_build_object(
    'guard', dualwrite.setting('guard'),
    'legacy_writes_24h', (SELECT pg_catalog.count(*) FROM dualwrite.legacy_write w
                          WHERE w.at > pg_catalog.statement_timestamp() - interval '24 hours')) AS answer
