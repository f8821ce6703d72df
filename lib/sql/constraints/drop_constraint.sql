-- constraints/drop_constraint.sql: template.
ALTER TABLE :{table} DROP CONSTRAINT :{name}
