-- apply/reserve.sql: template. Map rows for source rows that have none, each with the legacy key drawn for it, but for those
-- that a legacy row has already (refused). A key that the map gives to another row comes back as taken: the legacy table's
-- sequence is behind the map where that database was restored from an older copy. A row that somebody else has mapped
-- meanwhile does not come back: its key is read the next time.
WITH wanted AS MATERIALIZED (
    SELECT r.*, EXISTS (SELECT FROM :{map} m WHERE m.:{map_target_key} = r.key) AS taken
    FROM (SELECT :{elements} FROM pg_catalog.json_to_record($1::pg_catalog.json) AS p(:{declarations})) r
), made AS (
    INSERT INTO :{map} (:{map_source_key}, :{map_target_key}:{map_columns})
    SELECT :{source_keys}, r.key:{map_values}
    FROM wanted r
    WHERE NOT r.taken AND NOT r.refused
    :{unless_mapped}
    RETURNING :{returned_key} AS key
)
SELECT made.key::pg_catalog.text AS key, false AS taken FROM made
UNION ALL SELECT r.key::pg_catalog.text, true FROM wanted r WHERE r.taken
