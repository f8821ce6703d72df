-- check/failing.sql: template. An expression that fails is evaluated row by row, to count the rows and to name one. The
-- answer is left in a setting, because DO returns nothing. use_column: the expression's names are those of the table.
DO :{quote}
#variable_conflict use_column
DECLARE
    dualwrite_row record;
    dualwrite_failed bigint := 0;
    dualwrite_key text;
    dualwrite_error text;
BEGIN
    FOR dualwrite_row IN
        SELECT x.t, x.c, x.k FROM (SELECT tableoid AS t, ctid AS c, :{key} AS k FROM :{source} :{limit}) x
    LOOP
        BEGIN
            PERFORM (:{expression}
)::pg_catalog.text FROM :{source} WHERE tableoid = dualwrite_row.t AND ctid = dualwrite_row.c;
        EXCEPTION WHEN OTHERS THEN
            dualwrite_failed := dualwrite_failed + 1;
            IF dualwrite_error IS NULL THEN
                dualwrite_key := dualwrite_row.k;
                dualwrite_error := SQLERRM;
            END IF;
        END;
    END LOOP;
    PERFORM set_config('dualwrite.check_answer',
                       json_build_object('failed', dualwrite_failed, 'key', dualwrite_key, 'error', dualwrite_error)::text,
                       true);
END :{quote}
