-- Active legacy rows whose parent does not exist.
SELECT :{target_key} AS key FROM :{target} t
WHERE :{active} AND NOT EXISTS (SELECT FROM :{parent_target} p WHERE :{target_is_of_parent})
