-- install/layout.sql: template, before the new layout is noted. How far a resync has come is told by the keys that the mapping had;
-- with others it begins anew.
UPDATE dualwrite.resync r SET seen = r.handled, position = NULL
WHERE r.position IS NOT NULL
  AND (SELECT s.value FROM dualwrite.setting s WHERE s.key = 'ref_layout') IS DISTINCT FROM :{layout};
