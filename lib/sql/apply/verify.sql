-- apply/verify.sql: template. Reads back what the legacy side now holds and says per wanted identity: is there a source
-- row (found), should there be a legacy row (wanted_row), is there one (shadow), is it equal, and its key; and notes it
-- in the map.
WITH checked AS (
    SELECT w.n, w.i0 AS source_key, s.k0 IS NOT NULL AS found, :{wanted_row} AS wanted_row,
           t.:{target_key_column} IS NOT NULL AS shadow, coalesce(:{equal}, false) AS equal,
           :{shown_target_key} AS target_key
    FROM (:{wanted}) w
    LEFT JOIN LATERAL (SELECT * FROM (:{reading}) s
                       ORDER BY s.present DESC, s.latest DESC NULLS LAST, s.k0 DESC LIMIT 1) s ON true
    :{left_join_maps}
    LEFT JOIN :{target} t ON :{target_match_wanted}
):{marking}
SELECT n, found, wanted_row, shadow, equal, target_key FROM checked
