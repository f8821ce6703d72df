-- smoke/may_clean.sql: whether this login may be a sync session, which the guard lets through.
SELECT pg_catalog.pg_has_role(current_user, 'dualwrite_daemon', 'MEMBER') AS may
