-- Permanent willpower outside 1 to 10.
SELECT c.id AS key FROM characters_character c
WHERE c.willpower < 1 OR c.willpower > 10
