-- stage/foreign.sql: overrides of the flags $1 that somebody else set; $2 and $3 are what ours say why.
SELECT o.flag, o.value, o.who, o.at::pg_catalog.text, coalesce(o.why, 'no reason given')
FROM dualwrite.override o
WHERE o.flag = ANY ($1::pg_catalog.text[]) AND o.why IS DISTINCT FROM $2 AND o.why IS DISTINCT FROM $3
ORDER BY o.flag
