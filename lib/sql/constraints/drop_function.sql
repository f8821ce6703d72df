-- constraints/drop_function.sql: template. There is one of this name.
DROP FUNCTION :{qualified}
