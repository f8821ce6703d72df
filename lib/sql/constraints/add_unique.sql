-- constraints/add_unique.sql: template. Takes the index that was built.
ALTER TABLE :{table} ADD CONSTRAINT :{name} UNIQUE USING INDEX :{name}
