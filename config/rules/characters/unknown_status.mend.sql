UPDATE characters_character SET status = 'Un' WHERE id = ANY ($1::bigint[])
