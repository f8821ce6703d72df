-- backup/former.sql: the override as it is, which is put back afterwards. One that a restore left behind which was cut off is ours.
SELECT o.value, o.who, o.at::pg_catalog.text AS at, o.why,
       coalesce(o.why = 'rollback restore is under way', false) AS ours
FROM dualwrite.override o WHERE o.flag = 'TEAM_VNEXT_DUAL_WRITE_ENABLED'
