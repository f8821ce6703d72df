-- reconcile/forget.sql: a new run: nothing of the one before is kept.
DELETE FROM dualwrite.reconcile
