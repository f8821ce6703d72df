-- patient.sql: the acknowledgement has the time that it always has, also after hurry.sql. $1 statement_timeout.
SELECT pg_catalog.set_config('lock_timeout', '2s', true), pg_catalog.set_config('statement_timeout', $1::pg_catalog.text, true)
