-- smoke/delete_keys.sql: template. Takes rows away by their keys: one text[] per key column, and nothing else.
DELETE FROM :{table} AS t
WHERE (:{columns}) IN (SELECT :{typed} FROM ROWS FROM (:{arrays}) AS u(:{names}))
