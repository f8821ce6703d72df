-- install/epochs.sql: the last epoch that was drawn here, and the highest that a legacy transaction came with. From version 2
-- on.
SELECT (SELECT CASE WHEN e.is_called THEN e.last_value ELSE 0 END FROM dualwrite.epoch e) AS drawn,
       (SELECT pg_catalog.max(f.epoch) FROM dualwrite.fence f) AS seen
