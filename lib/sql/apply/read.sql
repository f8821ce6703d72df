-- apply/read.sql: template. What vNext says about each wanted identity, as text: is there a row (found), is it present, its
-- parent, whether the map has noted the legacy row as equal, the legacy keys that the maps give, and the mapped values in the
-- order of dualwrite/slots.h. It runs in a read-only subtransaction.
SELECT w.n, coalesce(s.found, false) AS found, coalesce(s.present, false) AS present, :{parent} AS parent,
       :{parent_key} AS parent_key, :{verified} AS verified:{keys}:{told}
FROM (:{wanted}) w
LEFT JOIN LATERAL (:{reading}) s ON true:{joins}
ORDER BY w.n
