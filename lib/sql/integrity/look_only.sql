-- integrity/look_only.sql: from here on the transaction cannot write, and it cannot be told otherwise.
SET TRANSACTION READ ONLY
