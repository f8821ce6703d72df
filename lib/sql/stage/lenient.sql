-- stage/lenient.sql: strict mode is off again, where it was ours. $1 flag, $2 what our override says why.
UPDATE dualwrite.override o SET value = 'false', at = pg_catalog.clock_timestamp() WHERE o.flag = $1 AND o.why = $2
