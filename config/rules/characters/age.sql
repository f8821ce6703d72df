-- Ages outside 0 to 500.
SELECT c.id AS key FROM characters_character c
WHERE c.age < 0 OR c.age > 500
