-- installation.sql: what install decided, which side of which installation this is, and whether this program's mapping is the installed one. $1 the mapping's text.
SELECT dualwrite.setting('schema_version') AS schema_version, dualwrite.setting('works_with') AS works_with, coalesce(dualwrite.setting('side'), 'both') AS side,
       dualwrite.setting('installation') AS installation,
       dualwrite.setting('mapping_digest') AS mapping_digest,
       pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to($1, 'UTF8')), 'hex') AS own_digest
