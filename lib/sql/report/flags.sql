-- report/flags.sql: the effective flags that the report tells, and whether the guard records.
SELECT coalesce(dualwrite.flag_is_on('TEAM_VNEXT_DUAL_WRITE_ENABLED'), false) AS enabled,
       coalesce(dualwrite.flag_is_on('TEAM_VNEXT_DUAL_WRITE_STRICT_MODE'), false) AS strict,
       coalesce(dualwrite.flag_is_on('TEAM_LEGACY_WRITE_BLOCKED'), true) AS blocked
