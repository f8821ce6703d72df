-- replan.sql: statements that are prepared are planned anew when they are next run. A plan for a table that was small a moment
-- ago, and that nobody has analyzed since, would read all of it for each batch.
DISCARD PLANS
