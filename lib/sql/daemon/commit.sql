-- commit.sql: ends the transaction of a batch.
COMMIT
