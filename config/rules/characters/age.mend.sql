-- To the nearest bound. What is NULL stays NULL.
UPDATE characters_character
SET age = CASE WHEN age < 0 THEN 0 WHEN age > 500 THEN 500 ELSE age END
WHERE id = ANY ($1::bigint[])
