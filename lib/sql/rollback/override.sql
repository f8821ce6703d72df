-- rollback/override.sql: an operator's word on flags: $1 {"FLAG": "value"}, $2 who says so, $3 why. An override that says the same
-- stays, with whoever said it first, unless that is one that goes by itself: a restore, a measurement and a staged test take their
-- own back, and nothing but that. Two at once wait for each other, in one order. Gives the flags that changed.
INSERT INTO dualwrite.override AS o (flag, value, who, at, why)
SELECT w.key, w.value, $2, pg_catalog.clock_timestamp(), $3 FROM pg_catalog.json_each_text($1::pg_catalog.json) w ORDER BY w.key
ON CONFLICT (flag) DO UPDATE
SET value = excluded.value, who = excluded.who, at = excluded.at, why = excluded.why
WHERE o.value <> excluded.value OR o.why LIKE 'rollback restore is under way%'
   OR o.why IN ('dualwrited smoke --perf measures with dual write on and off', 'staging test (dualwrited stage)')
RETURNING o.flag
