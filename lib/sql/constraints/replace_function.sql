-- constraints/replace_function.sql: template. In its place, so that what was granted on it stays; `function` is the pack's statement
-- from that word on.
CREATE OR REPLACE :{function}
