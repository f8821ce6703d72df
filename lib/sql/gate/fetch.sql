-- gate/fetch.sql: the next keys of the cursor.
FETCH 200000 FROM dualwrite_gate
