-- To the nearest bound. What is NULL stays NULL.
UPDATE characters_character
SET strength = CASE WHEN strength < 1 THEN 1 WHEN strength > 10 THEN 10 ELSE strength END,
    dexterity = CASE WHEN dexterity < 1 THEN 1 WHEN dexterity > 10 THEN 10 ELSE dexterity END,
    stamina = CASE WHEN stamina < 1 THEN 1 WHEN stamina > 10 THEN 10 ELSE stamina END,
    perception = CASE WHEN perception < 1 THEN 1 WHEN perception > 10 THEN 10 ELSE perception END,
    intelligence = CASE WHEN intelligence < 1 THEN 1 WHEN intelligence > 10 THEN 10 ELSE intelligence END,
    wits = CASE WHEN wits < 1 THEN 1 WHEN wits > 10 THEN 10 ELSE wits END,
    charisma = CASE WHEN charisma < 1 THEN 1 WHEN charisma > 10 THEN 10 ELSE charisma END,
    manipulation = CASE WHEN manipulation < 1 THEN 1 WHEN manipulation > 10 THEN 10 ELSE manipulation END,
    appearance = CASE WHEN appearance < 1 THEN 1 WHEN appearance > 10 THEN 10 ELSE appearance END
WHERE id = ANY ($1::bigint[])
