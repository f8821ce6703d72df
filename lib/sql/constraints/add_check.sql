-- constraints/add_check.sql: template. Kept from now on; rows that are there are not looked at, so it takes its lock for a moment.
ALTER TABLE :{table} ADD CONSTRAINT :{name} CHECK (
:{text}
) NOT VALID
