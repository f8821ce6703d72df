-- constraints/unbuild.sql: template. An index that was not finished. Not in a transaction.
DROP INDEX CONCURRENTLY IF EXISTS :{qualified}
