-- Characters with an ability outside 0 to 10.
SELECT c.id AS key FROM characters_character c
WHERE least(c.alertness, c.athletics, c.brawl, c.dodge, c.empathy, c.expression, c.intimidation, c.leadership,
      c.streetwise, c.subterfuge, c.animal_ken, c.crafts, c.drive, c.etiquette, c.firearms, c.melee, c.performance,
      c.security, c.stealth, c.survival, c.academics, c.computer, c.finance, c.investigation, c.law, c.linguistics,
      c.medicine, c.occult, c.politics, c.science) < 0
   OR greatest(c.alertness, c.athletics, c.brawl, c.dodge, c.empathy, c.expression, c.intimidation, c.leadership,
      c.streetwise, c.subterfuge, c.animal_ken, c.crafts, c.drive, c.etiquette, c.firearms, c.melee, c.performance,
      c.security, c.stealth, c.survival, c.academics, c.computer, c.finance, c.investigation, c.law, c.linguistics,
      c.medicine, c.occult, c.politics, c.science) > 10
