-- apply/yield.sql: template. Rows that want each other's values cannot be written one after the other: before they are, the
-- legacy rows give up what they hold in a unique index and will not keep, for placeholders that are made from their keys.
UPDATE :{target} AS t SET :{placeholders}
FROM (SELECT r.*, :{changes}
      FROM (:{rows}) r:{removed}
      JOIN :{target} t ON :{match}
      WHERE r."write") r
WHERE :{match} AND (:{any_change})
