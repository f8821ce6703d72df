-- check/listen.sql: template. A channel of this check's own.
LISTEN :{channel}
