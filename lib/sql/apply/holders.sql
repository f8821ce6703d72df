-- apply/holders.sql: template. Which other legacy rows hold what the rows of $1 want in a unique index: their keys, and
-- `holder` where such a row is one of $1 itself.
WITH r AS MATERIALIZED (:{rows})
:{indexes}
