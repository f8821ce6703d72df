DELETE FROM game_strelationship WHERE id = ANY ($1::bigint[])
