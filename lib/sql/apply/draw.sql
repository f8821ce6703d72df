-- apply/draw.sql: template. $1 new legacy keys, set aside before any row is written, so that the write can be repeated
-- without ever making a second row; and a complaint about each that a legacy row has already. $2 keys before them are passed
-- over: as many as turned out to be taken.
WITH drawn AS MATERIALIZED (
    SELECT g.n, (:{next_target_key}):::{target_key_type} AS key
    FROM pg_catalog.generate_series(1, $1::pg_catalog.int4 + $2::pg_catalog.int4) AS g(n)
)
SELECT d.key::pg_catalog.text AS key,
       CASE WHEN EXISTS (SELECT FROM :{target} t WHERE t.:{target_key} = d.key) THEN pg_catalog.format(
           'the next key for %I.%I, %I = %s, is taken by another row; its sequence is behind the table: '
           'SELECT setval(pg_get_serial_sequence(%L, %L), max(%I)) FROM %I.%I;',
           :{target_name}, :{target_key_name}, d.key, pg_catalog.format('%I.%I', :{target_name}), :{target_key_name},
           :{target_key_name}, :{target_name}) END AS complaint
FROM drawn d WHERE d.n > $2::pg_catalog.int4 ORDER BY d.n
