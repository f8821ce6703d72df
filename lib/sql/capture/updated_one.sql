-- updated.sql for one row. Without a condition on both, and so never a join that reads all rows before it gives the first.
SELECT CASE WHEN :{same_row} THEN ROW(:{old_mapped})::pg_catalog.record *<> ROW(:{new_mapped})::pg_catalog.record END AS changed,
       CASE WHEN :{old_present} AND NOT :{new_present} THEN :{operation_remove} ELSE :{operation_update} END AS operation,
       ARRAY[:{new_ref}] AS ref, n.:{root}::text AS root
FROM old_rows o, new_rows n
WHERE :{new_known}
