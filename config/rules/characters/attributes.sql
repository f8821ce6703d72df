-- Characters with an attribute outside 1 to 10.
SELECT c.id AS key FROM characters_character c
WHERE least(c.strength, c.dexterity, c.stamina, c.perception, c.intelligence, c.wits, c.charisma, c.manipulation,
      c.appearance) < 1
   OR greatest(c.strength, c.dexterity, c.stamina, c.perception, c.intelligence, c.wits, c.charisma, c.manipulation,
      c.appearance) > 10
