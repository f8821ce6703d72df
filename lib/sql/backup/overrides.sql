-- backup/overrides.sql: for psql, after a dump, in its transaction: the overrides that were in force here before it. An operator's
-- word stays until somebody takes it back; what the dump has of them is of another day. Where nothing was installed before the
-- dump, its own stay.
DO $overrides$
BEGIN
    IF coalesce(pg_catalog.current_setting('dualwrite.overrides', true), '') <> ''
       AND pg_catalog.to_regclass('dualwrite.override') IS NOT NULL THEN
        DELETE FROM dualwrite.override;
        INSERT INTO dualwrite.override (flag, value, who, at, why)
        SELECT o.flag, o.value, o.who, o.at, o.why
        FROM pg_catalog.json_to_recordset(pg_catalog.current_setting('dualwrite.overrides')::pg_catalog.json)
             AS o(flag pg_catalog.text, value pg_catalog.text, who pg_catalog.text, at pg_catalog.timestamptz, why pg_catalog.text);
    END IF;
END $overrides$;
