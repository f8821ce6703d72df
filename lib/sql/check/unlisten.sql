-- check/unlisten.sql: the round trip is over.
UNLISTEN *
