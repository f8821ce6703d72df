-- To the nearest bound. What is NULL stays NULL.
UPDATE characters_character
SET willpower = CASE WHEN willpower < 1 THEN 1 WHEN willpower > 10 THEN 10 ELSE willpower END
WHERE id = ANY ($1::bigint[])
