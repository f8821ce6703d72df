-- Finished, and its XP not given yet.
SELECT s.id AS key FROM game_scene s WHERE s.finished AND NOT s.xp_given
