-- integrity/legacy_take.sql: takes what legacy.sql gives.
COPY pg_temp.dualwrite_legacy (key, value) FROM STDIN
