-- All but the oldest.
SELECT d.id AS key
FROM (SELECT r.id, row_number() OVER (PARTITION BY r.user_id, r.chronicle_id, r.gameline_id ORDER BY r.id) AS n
      FROM game_strelationship r) d
WHERE d.n > 1
