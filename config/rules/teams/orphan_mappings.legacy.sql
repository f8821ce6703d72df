-- Legacy's rows, and whether each is active.
SELECT :{target_key} AS key, :{active} AS value FROM :{target} t
