-- report/fetch_legacy.sql: the next legacy teams.
FETCH 10000 FROM dualwrite_legacy
