-- integrity/has_columns.sql: whether table $1.$2, where it is there, has all of the columns $3.
SELECT pg_catalog.to_regclass(pg_catalog.format('%I.%I', $1::pg_catalog.text, $2::pg_catalog.text)) IS NULL
       OR NOT EXISTS (SELECT FROM unnest($3::pg_catalog.text[]) AS w(name)
                      WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_attribute a
                                        WHERE a.attrelid = pg_catalog.to_regclass(pg_catalog.format('%I.%I', $1, $2))
                                          AND a.attname = w.name AND a.attnum > 0 AND NOT a.attisdropped)) AS has
