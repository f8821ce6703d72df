UPDATE characters_character SET temporary_willpower = willpower WHERE id = ANY ($1::bigint[])
