-- backup/stand_back.sql: no daemon begins any work. An override that somebody has given is kept in ours, until go_on.sql puts it
-- back: a restore that is cut off loses nobody's word, and the next one finds it.
INSERT INTO dualwrite.override AS o (flag, value, why)
VALUES ('TEAM_VNEXT_DUAL_WRITE_ENABLED', 'false', 'rollback restore is under way')
ON CONFLICT (flag) DO UPDATE
SET value = excluded.value, who = session_user, at = pg_catalog.now(),
    why = excluded.why || '; before it: '
          || pg_catalog.json_build_object('value', o.value, 'who', o.who, 'at', o.at, 'why', o.why)::pg_catalog.text
WHERE coalesce(o.why, '') NOT LIKE 'rollback restore is under way%'
