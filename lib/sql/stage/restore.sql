-- stage/restore.sql: takes our own overrides back; $1 is what they say why.
DELETE FROM dualwrite.override o WHERE o.why = $1
