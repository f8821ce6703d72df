-- backup/go_on.sql: the override as it was before stand_back.sql; what is not ours any more is somebody's newer word, and stays.
-- Says whether there is one now.
WITH ours AS MATERIALIZED (
    SELECT o.flag, nullif(pg_catalog.substr(o.why, pg_catalog.length('rollback restore is under way; before it: ') + 1), '')
                       ::pg_catalog.json AS former
    FROM dualwrite.override o
    WHERE o.flag = 'TEAM_VNEXT_DUAL_WRITE_ENABLED' AND o.why LIKE 'rollback restore is under way%' FOR UPDATE
), gone AS (
    DELETE FROM dualwrite.override o USING ours WHERE o.flag = ours.flag AND ours.former IS NULL
), back AS (
    UPDATE dualwrite.override o
    SET value = ours.former ->> 'value', who = ours.former ->> 'who',
        at = (ours.former ->> 'at')::pg_catalog.timestamptz, why = ours.former ->> 'why'
    FROM ours WHERE o.flag = ours.flag AND ours.former IS NOT NULL
)
SELECT EXISTS (SELECT FROM dualwrite.override o WHERE o.flag = 'TEAM_VNEXT_DUAL_WRITE_ENABLED'
               AND NOT EXISTS (SELECT FROM ours WHERE ours.former IS NULL)) AS overridden
