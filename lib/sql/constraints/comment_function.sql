-- constraints/comment_function.sql: template. There is one of this name.
COMMENT ON FUNCTION :{qualified} IS :{comment}
