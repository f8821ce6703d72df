-- read_write.sql: first in a script without BEGIN, whose transaction ends with it: a role may have
-- default_transaction_read_only.
SET transaction_read_only = off
