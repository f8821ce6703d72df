-- write_team.sql: what each transaction of a writer does (pgbench); one row of so many that writers seldom meet.
\set id random(1, :teams)
\set n random(1, 1000000)
UPDATE organizations_team SET description = 'written ' || :n, updated_at = clock_timestamp() WHERE id = :id;
