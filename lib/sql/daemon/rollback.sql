-- rollback.sql: ends a transaction that was only a trial.
ROLLBACK
