-- capture/truncated.sql: template, once per entity. A TRUNCATE names no rows: it raises the resync mark.
CREATE OR REPLACE FUNCTION dualwrite.:{function}() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS :{quote}
BEGIN
    PERFORM nextval(':{resync_mark}');
    PERFORM pg_notify('dualwrite_control', '') WHERE current_setting('max_prepared_transactions') = '0';
    RETURN NULL;
END :{quote};
