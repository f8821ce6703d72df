-- burst.sql: one team updated 10,000 times in one transaction.
DO $$
BEGIN
    FOR n IN 1..10000 LOOP
        UPDATE organizations_team SET description = 'burst ' || n, updated_at = clock_timestamp() WHERE id = 1;
    END LOOP;
END $$
