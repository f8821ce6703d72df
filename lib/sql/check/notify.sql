-- check/notify.sql: $1 that channel, $2 what nobody else can say.
SELECT pg_catalog.pg_notify($1, $2)
