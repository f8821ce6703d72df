-- To the nearest bound. What is NULL stays NULL.
UPDATE characters_character
SET temporary_willpower = CASE WHEN temporary_willpower < 0 THEN 0 WHEN temporary_willpower > 10 THEN 10 ELSE temporary_willpower END
WHERE id = ANY ($1::bigint[])
