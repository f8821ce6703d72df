-- integrity/mend_begin.sql: a new mend, to which the rows that are changed belong.
INSERT INTO dualwrite.mend DEFAULT VALUES RETURNING id
