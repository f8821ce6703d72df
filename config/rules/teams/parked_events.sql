-- Events that failed and are not tried again by themselves.
SELECT f.event_id AS key FROM dualwrite.failed f WHERE f.retry_at IS NULL
