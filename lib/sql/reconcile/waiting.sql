-- reconcile/waiting.sql: how many queued findings are not looked at again yet, and how many of their events still wait.
SELECT pg_catalog.count(*) AS queued, pg_catalog.count(o.id) AS waiting
FROM dualwrite.reconcile_finding f LEFT JOIN dualwrite.outbox o ON o.id = f.event_id
WHERE f.state = 'queued'
