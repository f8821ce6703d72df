-- A status that no character can have.
SELECT c.id AS key FROM characters_character c
WHERE c.status IS NULL OR c.status NOT IN ('Un', 'Sub', 'App', 'Ret', 'Dec')
