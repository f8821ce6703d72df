-- hold_epoch.sql: first in each legacy transaction: which batch this session works for, for evict.sql of another. $1 epoch.
SELECT pg_catalog.pg_advisory_xact_lock_shared(1685414253, ($1::pg_catalog.int8 & 2147483647)::pg_catalog.int4)
