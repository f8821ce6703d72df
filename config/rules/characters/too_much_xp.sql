-- More XP than a character can have.
SELECT c.id AS key FROM characters_character c WHERE c.xp > 9999
