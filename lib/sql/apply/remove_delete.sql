-- apply/remove_delete.sql: template. A removal as the mapping says: the legacy row is deleted.
DELETE FROM :{target} AS t
USING (:{rows}) r
WHERE :{match} AND r.remove
