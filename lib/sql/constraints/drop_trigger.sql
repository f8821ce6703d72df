-- constraints/drop_trigger.sql: template.
DROP TRIGGER :{name} ON :{table}
