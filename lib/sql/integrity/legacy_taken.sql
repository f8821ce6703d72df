-- integrity/legacy_taken.sql: how many there are, for the planner.
ANALYZE pg_temp.dualwrite_legacy
