-- apply/remove_set.sql: template. The removal of identities whose source row is gone, as the mapping says: columns set.
-- Only where a delete event said so (w.removal): a row that cannot be seen is not a row that was deleted.
UPDATE :{target} AS t SET :{removal_assignments}
FROM (:{wanted}) w :{join_wanted_maps}
WHERE :{target_match_wanted} AND w.removal
  AND NOT EXISTS (SELECT FROM (:{reading}) s)
  AND ROW(:{removal_columns})::pg_catalog.record OPERATOR(pg_catalog.*<>) ROW(:{removal_values})::pg_catalog.record
