-- Finished, and its XP not given yet: not known counts as not given, as for award_scene_xp().
SELECT s.id AS key FROM game_scene s WHERE s.finished AND s.xp_given IS NOT TRUE
