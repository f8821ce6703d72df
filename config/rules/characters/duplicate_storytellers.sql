-- All but the oldest. Where one of the three is not known nothing can be said, as for the constraint.
SELECT d.id AS key
FROM (SELECT r.id, row_number() OVER (PARTITION BY r.user_id, r.chronicle_id, r.gameline_id ORDER BY r.id) AS n
      FROM game_strelationship r
      WHERE r.user_id IS NOT NULL AND r.chronicle_id IS NOT NULL AND r.gameline_id IS NOT NULL) d
WHERE d.n > 1
