-- cleanup/delete.sql: template. Deletes the rows with these keys.
DELETE FROM :{table} t WHERE :{where}
