-- apply/reserve.sql: template. Map rows for source rows that have none, each with the legacy key drawn for it. One that
-- somebody else has mapped meanwhile does not come back: its key is read the next time.
INSERT INTO :{map} (:{map_source_key}, :{map_target_key}:{map_columns})
SELECT :{source_keys}, r.key:{map_values}
FROM pg_catalog.json_to_recordset($1::pg_catalog.json) AS r(n pg_catalog.int4, :{declarations}, x pg_catalog.json)
LEFT JOIN LATERAL pg_catalog.json_to_record(r.x) AS x(:{extra_declarations}) ON true
:{unless_mapped}
RETURNING :{returned_key}::pg_catalog.text AS key
