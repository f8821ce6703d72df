-- constraints/comment_trigger.sql: template.
COMMENT ON TRIGGER :{name} ON :{table} IS :{comment}
