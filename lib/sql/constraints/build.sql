-- constraints/build.sql: template. Not in a transaction: the server lets others write meanwhile.
CREATE UNIQUE INDEX CONCURRENTLY :{name} ON :{table} (:{text})
