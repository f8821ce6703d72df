-- check/no_scan.sql: for this transaction, so that a plan shows whether an index could be used, not whether it pays.
SET LOCAL enable_seqscan = off
