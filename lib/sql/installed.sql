-- installed.sql: is the schema there, and is it ours?
SELECT CASE WHEN pg_catalog.to_regclass('dualwrite.setting') IS NOT NULL THEN 'ours'
            WHEN pg_catalog.to_regnamespace('dualwrite') IS NOT NULL THEN 'foreign'
            ELSE 'nothing' END
