SELECT true AS changed, :{operation_remove}::text AS operation, ARRAY[:{old_ref}] AS ref, o.:{root}::text AS root FROM old_rows o
WHERE :{old_known}
