SELECT true AS changed, :{operation_insert}::text AS operation, ARRAY[:{new_ref}] AS ref, n.:{root}::text AS root FROM new_rows n
WHERE :{new_known}
