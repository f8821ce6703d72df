-- gate/fetch.sql: the next keys of the cursor.
FETCH 50000 FROM dualwrite_gate
