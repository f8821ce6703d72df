-- stage/await.sql: what a request in strict mode does after its commit. $1 transaction, $2 ms.
SELECT dualwrite.await_sync($1::pg_catalog.xid8, $2::pg_catalog.int4)
