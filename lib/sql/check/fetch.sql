-- check/fetch.sql: the next rows of the cursor.
FETCH 1000 FROM dualwrite_check
