-- Apparent ages outside 0 to 200.
SELECT c.id AS key FROM characters_character c
WHERE c.apparent_age < 0 OR c.apparent_age > 200
