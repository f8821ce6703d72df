UPDATE characters_character SET xp = 0 WHERE id = ANY ($1::bigint[])
