-- brief.sql: within a savepoint: wait for locks no longer than a fraction of deadlock_timeout.
SET LOCAL lock_timeout = '200ms'
