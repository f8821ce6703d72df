-- apply/upsert.sql: template. Makes the legacy row of each wanted identity equal to what vNext says now; where several
-- source rows stand for one legacy row, the present one speaks, else the latest. Unchanged rows are not written.
INSERT INTO :{target} AS t (:{columns}) OVERRIDING SYSTEM VALUE
SELECT :{expected_names}
FROM (SELECT DISTINCT ON (w.n) s.present, :{there} AS there, :{expected}
      FROM (:{wanted}) w
      JOIN LATERAL (:{reading}) s ON true
      :{join_maps}
      LEFT JOIN :{target} t ON :{target_match}
      ORDER BY w.n, s.present DESC, s.latest DESC NULLS LAST, s.k0 DESC) e
WHERE :{written_when}
ON CONFLICT (:{target_key}) :{on_conflict}
