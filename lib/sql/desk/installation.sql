-- desk/installation.sql: what is installed here, for an operator's command. Run only where dualwrite.setting exists.
SELECT dualwrite.setting('schema_version') AS schema_version,
       coalesce(dualwrite.setting('side'), 'both') AS side
