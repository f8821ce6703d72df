-- constraints/validate.sql: template. Looks at the rows that are there, under a lock that lets others read and write.
ALTER TABLE :{table} VALIDATE CONSTRAINT :{name}
