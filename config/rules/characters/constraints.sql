-- What the checks of this pack look for, kept by the server from then on: `dualwrited constraints install` adds each of them
-- without blocking writers, and `remove` takes it away by its name. What is NULL passes, but for a status.
ALTER TABLE characters_character ADD CONSTRAINT xp_in_range CHECK (xp BETWEEN 0 AND 9999);
ALTER TABLE characters_character ADD CONSTRAINT status_known
    CHECK (status IS NOT NULL AND status IN ('Un', 'Sub', 'App', 'Ret', 'Dec'));
ALTER TABLE characters_character ADD CONSTRAINT attributes_in_range CHECK (
    least(strength, dexterity, stamina, perception, intelligence, wits, charisma, manipulation, appearance) >= 1
    AND greatest(strength, dexterity, stamina, perception, intelligence, wits, charisma, manipulation, appearance) <= 10);
ALTER TABLE characters_character ADD CONSTRAINT abilities_in_range CHECK (
    least(alertness, athletics, brawl, dodge, empathy, expression, intimidation, leadership, streetwise,
        subterfuge, animal_ken, crafts, drive, etiquette, firearms, melee, performance, security,
        stealth, survival, academics, computer, finance, investigation, law, linguistics, medicine,
        occult, politics, science) >= 0
    AND greatest(alertness, athletics, brawl, dodge, empathy, expression, intimidation, leadership, streetwise,
        subterfuge, animal_ken, crafts, drive, etiquette, firearms, melee, performance, security,
        stealth, survival, academics, computer, finance, investigation, law, linguistics, medicine,
        occult, politics, science) <= 10);
ALTER TABLE characters_character ADD CONSTRAINT willpower_in_range CHECK (willpower BETWEEN 1 AND 10);
ALTER TABLE characters_character ADD CONSTRAINT temporary_willpower_in_range CHECK (temporary_willpower BETWEEN 0 AND 10);
ALTER TABLE characters_character ADD CONSTRAINT temporary_willpower_below_permanent CHECK (temporary_willpower <= willpower);
ALTER TABLE characters_character ADD CONSTRAINT age_in_range CHECK (age BETWEEN 0 AND 500);
ALTER TABLE characters_character ADD CONSTRAINT apparent_age_in_range CHECK (apparent_age BETWEEN 0 AND 200);

-- One storyteller relationship per user, chronicle and gameline.
ALTER TABLE game_strelationship ADD CONSTRAINT one_storyteller UNIQUE (user_id, chronicle_id, gameline_id);
