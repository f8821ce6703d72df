-- Temporary willpower outside 0 to 10.
SELECT c.id AS key FROM characters_character c
WHERE c.temporary_willpower < 0 OR c.temporary_willpower > 10
