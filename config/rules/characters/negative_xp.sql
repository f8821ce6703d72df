-- More XP was spent than there was.
SELECT c.id AS key FROM characters_character c WHERE c.xp < 0
