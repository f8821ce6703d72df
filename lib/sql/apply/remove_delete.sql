-- apply/remove_delete.sql: template. The removal of identities that no present source row stands for, as the mapping
-- says: the legacy row is deleted. Only where a delete event said so, or where the source row itself says it is absent.
DELETE FROM :{target} AS t
USING (:{wanted}) w :{join_wanted_maps}
WHERE :{target_match_wanted}
  AND (w.removal OR EXISTS (SELECT FROM (:{reading}) s))
  AND NOT EXISTS (SELECT FROM (:{reading}) s WHERE s.present)
