-- 002_two_databases.sql: what version 2 adds: legacy tables in a database of their own, lookups, and suffixes for unique
-- values. Runs after 001_base.sql in both databases. 002_two_databases.undo.sql is its inverse.
--
-- The setting `side` says what this database holds: 'both', 'vnext' or 'legacy'. Without it, as version 1 left it: both.

---------------------------------------------------------------------------------------------------------------------
-- The fence. With two databases a batch has two transactions, and its lock on a partition (hold.sql) is in the vNext
-- database only: a daemon that lost it, because it was stopped or cut off, may still send its legacy transaction. So each
-- batch draws an epoch in the vNext database, under the lock of its partitions, and each legacy transaction begins by
-- raising the fence of those partitions to that epoch, where it is not above it already:
--
--     UPDATE dualwrite.fence SET epoch = mine WHERE partition = ... AND epoch <= mine
--
-- A partition for which that changes no row has a newer batch: this one writes nothing. The row lock holds until the
-- legacy transaction ends, so two of one partition never overlap. The fence is used in the legacy database, the sequence in the
-- vNext one; with one database the lock is enough.
CREATE TABLE dualwrite.fence (
    partition integer PRIMARY KEY,
    epoch bigint NOT NULL DEFAULT 0
) WITH (fillfactor = 50);
INSERT INTO dualwrite.fence (partition) SELECT generate_series(0, 63);
COMMENT ON TABLE dualwrite.fence IS
    'legacy side: the newest batch of each partition; an older one changes no row here and must not write';
CREATE SEQUENCE dualwrite.epoch AS bigint MINVALUE 0 START 1;
COMMENT ON SEQUENCE dualwrite.epoch IS 'vNext side: the number of a batch, drawn under the lock of its partitions';

---------------------------------------------------------------------------------------------------------------------
-- A lookup of the mapping that finds no row and has no "otherwise": that row fails, by name, and waits until the row that
-- it looks for is there. `result` only says of which type the value would be. STABLE for the reason of unmapped().
CREATE FUNCTION dualwrite.lookup_missing(place text, table_schema text, table_name text, key_column text, key text,
                                         result anyelement) RETURNS anyelement
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RAISE EXCEPTION 'the lookup of % finds no row in "%"."%" with % = %', place, replace(table_schema, '"', '""'),
                    replace(table_name, '"', '""'), key_column, quote_nullable(key)
        USING ERRCODE = 'DW004', SCHEMA = table_schema, TABLE = table_name, COLUMN = key_column,
              HINT = 'The row waits and is tried again by itself. If such a key is expected to be missing, add an '
                     '"otherwise" to the lookup in the mapping file.';
END $$;

-- `value` with a suffix that tells it from the same value of other rows, in at most `length` characters (NULL or 0: no
-- limit): the row's own key, or the beginning of its hash where the key would take more than half. In fewer than ten
-- characters nothing but the hash has a chance to differ.
CREATE FUNCTION dualwrite.suffixed(value text, key text, length integer) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
    SELECT CASE
        WHEN coalesce(length, 0) <= 0 THEN value || '-' || key
        WHEN 2 * (char_length(key) + 1) <= length THEN left(value, length - char_length(key) - 1) || '-' || key
        WHEN length >= 10 THEN left(value, length - 7) || '-' || left(md5(key), 6)
        WHEN value IS NOT NULL THEN left(md5(key), length)
    END
$$;

---------------------------------------------------------------------------------------------------------------------
-- The flags in force in the vNext database, delivered to where the guard stands. Only for a database that holds nothing
-- but legacy tables: anywhere else `published` is the word of install. Unknown flags and values are passed over, because
-- the daemon may be of another version. Returns how many changed; where none did nothing is written and nobody notified.
CREATE FUNCTION dualwrite.publish_flags(wanted jsonb) RETURNS integer
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    changed integer;
BEGIN
    IF dualwrite.setting('side') IS DISTINCT FROM 'legacy' THEN
        RAISE EXCEPTION 'flags cannot be delivered to this database: it has the side "%" of the installation, not "legacy"',
                        coalesce(dualwrite.setting('side'), 'both')
            USING ERRCODE = 'object_not_in_prerequisite_state',
                  HINT = 'Look where DUALWRITE_LEGACY_DATABASE_URL leads, and run dualwrited install with it.';
    END IF;
    IF NOT EXISTS (SELECT FROM dualwrite.flag f
                   WHERE wanted ->> f.flag = ANY (f.safest_first) AND wanted ->> f.flag <> f.published) THEN
        RETURN 0;
    END IF;
    UPDATE dualwrite.flag f
    SET published = wanted ->> f.flag, published_at = now(), published_by = session_user
    WHERE wanted ->> f.flag = ANY (f.safest_first) AND wanted ->> f.flag <> f.published;
    GET DIAGNOSTICS changed = ROW_COUNT;
    RETURN changed;
END $$;

---------------------------------------------------------------------------------------------------------------------
-- Rights, as in 001_base.sql: the daemons' role, and nobody else.
REVOKE ALL ON FUNCTION dualwrite.lookup_missing(text, text, text, text, text, anyelement),
    dualwrite.suffixed(text, text, integer), dualwrite.publish_flags(jsonb) FROM PUBLIC;
GRANT SELECT, UPDATE ON dualwrite.fence TO dualwrite_daemon;
GRANT USAGE, SELECT, UPDATE ON SEQUENCE dualwrite.epoch TO dualwrite_daemon;
GRANT EXECUTE ON FUNCTION dualwrite.lookup_missing(text, text, text, text, text, anyelement),
    dualwrite.suffixed(text, text, integer), dualwrite.publish_flags(jsonb)
    TO dualwrite_daemon;
