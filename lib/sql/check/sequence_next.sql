-- check/sequence_next.sql: template. What a sequence gives next; it may have been set without having been used.
SELECT CASE WHEN q.is_called THEN q.last_value + :{step} ELSE q.last_value END AS next FROM :{sequence} q
