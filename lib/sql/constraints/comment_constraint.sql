-- constraints/comment_constraint.sql: template. Whose it is: what has no such comment is left alone.
COMMENT ON CONSTRAINT :{name} ON :{table} IS :{comment}
