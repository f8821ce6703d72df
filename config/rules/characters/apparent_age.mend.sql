-- To the nearest bound. What is NULL stays NULL.
UPDATE characters_character
SET apparent_age = CASE WHEN apparent_age < 0 THEN 0 WHEN apparent_age > 200 THEN 200 ELSE apparent_age END
WHERE id = ANY ($1::bigint[])
