-- report/fetch_map.sql: the next rows of the map.
FETCH 10000 FROM dualwrite_map
