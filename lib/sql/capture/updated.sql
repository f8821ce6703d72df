-- A row whose key or identity changed pairs with nothing on either side: a removal of the old, an insertion of the new.
SELECT CASE WHEN n.:{key} IS NULL THEN :{operation_remove}
            WHEN o.:{key} IS NULL THEN :{operation_insert}
            WHEN :{old_present} AND NOT :{new_present} THEN :{operation_remove}
            ELSE :{operation_update} END AS operation,
       CASE WHEN n.:{key} IS NULL THEN ARRAY[:{old_ref}] ELSE ARRAY[:{new_ref}] END AS ref,
       CASE WHEN n.:{key} IS NULL THEN o.:{root}::text ELSE n.:{root}::text END AS root
FROM old_rows o FULL JOIN new_rows n ON :{same_row}
WHERE o.:{key} IS NULL OR n.:{key} IS NULL OR ROW(:{old_mapped})::pg_catalog.record *<> ROW(:{new_mapped})::pg_catalog.record
