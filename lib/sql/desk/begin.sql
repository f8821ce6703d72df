-- desk/begin.sql: a look of an operator's command: each statement sees afresh, and none can write.
BEGIN ISOLATION LEVEL READ COMMITTED READ ONLY
