-- Present vNext rows whose parent does not exist.
SELECT :{source_key} AS key FROM :{source} s
WHERE :{present} AND NOT EXISTS (SELECT FROM :{parent_source} p WHERE :{source_is_of_parent})
