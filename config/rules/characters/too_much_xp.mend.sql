UPDATE characters_character SET xp = 9999 WHERE id = ANY ($1::bigint[])
