-- integrity/wrote.sql: whether this transaction has written something that stays.
SELECT pg_catalog.pg_current_xact_id_if_assigned() IS NOT NULL AS wrote
