-- keepalive.sql: with LISTEN, for the session: the server ends it soon after our host has vanished. A session that listens and
-- cannot be written to would hold back the notification queue of the whole cluster.
SELECT pg_catalog.set_config('tcp_keepalives_idle', '5', false), pg_catalog.set_config('tcp_keepalives_interval', '3', false),
       pg_catalog.set_config('tcp_keepalives_count', '3', false), pg_catalog.set_config('tcp_user_timeout', '15000', false)
