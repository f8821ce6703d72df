-- flags_daemons.sql: each running daemon's own view, one row per daemon and flag; whether it runs the installed mapping.
SELECT d.instance, d.host, d.pid, d.version, d.state,
       d.mapping_digest = dualwrite.setting('mapping_digest') AS mapping_installed, v.key AS flag, v.value
FROM dualwrite.live_daemon d CROSS JOIN LATERAL pg_catalog.jsonb_each_text(d.flags) v(key, value)
ORDER BY d.host, d.pid, d.instance, v.key
