"""Capture: what a vNext transaction leaves in the outbox (SPEC section 3, DESIGN section 2). SQL only, no daemon.

The cases of one database run in transactions that are rolled back; what has to commit has a database of its own.
"""

import threading

import psycopg
import pytest
from psycopg import errors

from conftest import install, wait_until
from helpers import (
    MEMBERSHIP, TEAM, Listener, all_asleep, events, forget_events, partitions, resync_marks, sequences,
)

CREATED, UPDATED, DELETED = "sync_team_created", "sync_team_settings_updated", "sync_team_deleted"
ADDED, MEMBER_UPDATED, REMOVED = "sync_team_member_added", "sync_team_member_updated", "sync_team_member_removed"

ROWS = f"""
INSERT INTO {TEAM} (id, name, slug, game_id, region) VALUES
    (1, 'One', 'one', 1, 'NA'), (2, 'Two', 'two', 2, 'EU'), (3, 'Empty', 'empty', 3, 'EU');
INSERT INTO {MEMBERSHIP} (id, team_id, user_id, role, status) VALUES
    (11, 1, 101, 'OWNER', 'ACTIVE'), (12, 1, 102, 'PLAYER', 'ACTIVE'), (13, 2, 101, 'PLAYER', 'INACTIVE')
"""


@pytest.fixture(scope="module")
def base(own_cluster):
    own_cluster.start()
    db = own_cluster.create_db()
    install(db)
    db.execute(ROWS, user="app_user")
    db.execute(f"ALTER TABLE {TEAM} ALTER COLUMN id RESTART WITH 1000; ALTER TABLE {MEMBERSHIP} ALTER COLUMN id RESTART WITH 1000")
    db.execute(f"ALTER TABLE {TEAM} ADD COLUMN notes text; ALTER TABLE {MEMBERSHIP} ADD COLUMN notes text")
    forget_events(db)
    db.close()
    yield db
    own_cluster.start()
    db.drop()


def captured(db, *statements, setup=()):
    """(operation, ref) that these statements of one transaction of app_user leave in the outbox; rolled back."""
    with db.connect() as conn:
        for statement in setup:
            conn.execute(statement)
        conn.execute("SET LOCAL SESSION AUTHORIZATION app_user")
        for statement in statements:
            conn.execute(statement)
        conn.execute("RESET SESSION AUTHORIZATION")
        rows = conn.execute("SELECT operation, ref FROM dualwrite.outbox ORDER BY id").fetchall()
        conn.rollback()
    return rows


# ---- the operations of SPEC section 3 --------------------------------------------------------------------------------

OPERATIONS = {
    "team inserted": (
        f"INSERT INTO {TEAM} (id, name, slug, game_id) VALUES (7, 'Seven', 'seven', 1)", [(CREATED, ["7"])]),
    "team updated": (f"UPDATE {TEAM} SET region = 'SA' WHERE id = 1", [(UPDATED, ["1"])]),
    "team made inactive is an update": (f"UPDATE {TEAM} SET status = 'DISBANDED' WHERE id = 1", [(UPDATED, ["1"])]),
    "a column inside jsonb that the mapping reads": (
        f"""UPDATE {TEAM} SET branding = '{{"logo_url": "x"}}' WHERE id = 1""", [(UPDATED, ["1"])]),
    "team deleted": (f"DELETE FROM {TEAM} WHERE id = 3", [(DELETED, ["3"])]),
    "team with a new key is a removal and an insertion": (
        f"UPDATE {TEAM} SET id = 33 WHERE id = 3", [(CREATED, ["33"]), (DELETED, ["3"])]),
    "membership inserted": (
        f"INSERT INTO {MEMBERSHIP} (id, team_id, user_id) VALUES (17, 2, 103)", [(ADDED, ["17", "2", "103"])]),
    "membership role updated": (
        f"UPDATE {MEMBERSHIP} SET role = 'COACH' WHERE id = 11", [(MEMBER_UPDATED, ["11", "1", "101"])]),
    "membership set inactive": (
        f"UPDATE {MEMBERSHIP} SET status = 'INACTIVE' WHERE id = 11", [(REMOVED, ["11", "1", "101"])]),
    "membership set to any word that is not active": (
        f"UPDATE {MEMBERSHIP} SET status = 'BANNED' WHERE id = 11", [(REMOVED, ["11", "1", "101"])]),
    "membership set inactive with another role": (
        f"UPDATE {MEMBERSHIP} SET status = 'INACTIVE', role = 'COACH' WHERE id = 11", [(REMOVED, ["11", "1", "101"])]),
    "membership active again is an update": (
        f"UPDATE {MEMBERSHIP} SET status = 'ACTIVE' WHERE id = 13", [(MEMBER_UPDATED, ["13", "2", "101"])]),
    "membership deleted": (f"DELETE FROM {MEMBERSHIP} WHERE id = 11", [(REMOVED, ["11", "1", "101"])]),
    "membership with a new key": (
        f"UPDATE {MEMBERSHIP} SET id = 22 WHERE id = 12", [(ADDED, ["22", "1", "102"]), (REMOVED, ["12", "1", "102"])]),
    "memberships with new keys": (
        f"UPDATE {MEMBERSHIP} SET id = id + 10 WHERE id IN (11, 12)",
        [(ADDED, ["21", "1", "101"]), (ADDED, ["22", "1", "102"]),
         (REMOVED, ["11", "1", "101"]), (REMOVED, ["12", "1", "102"])]),
    "membership moved to another team": (
        f"UPDATE {MEMBERSHIP} SET team_id = 3 WHERE id = 12",
        [(ADDED, ["12", "3", "102"]), (REMOVED, ["12", "1", "102"])]),
    "membership given to another user": (
        f"UPDATE {MEMBERSHIP} SET user_id = 999 WHERE id = 12",
        [(ADDED, ["12", "1", "999"]), (REMOVED, ["12", "1", "102"])]),
    "two members who swap users": (
        f"UPDATE {MEMBERSHIP} SET user_id = CASE id WHEN 11 THEN 102 ELSE 101 END WHERE id IN (11, 12)",
        [(ADDED, ["11", "1", "102"]), (ADDED, ["12", "1", "101"]),
         (REMOVED, ["11", "1", "101"]), (REMOVED, ["12", "1", "102"])]),
}


@pytest.mark.parametrize("case", OPERATIONS)
def test_each_change_raises_its_operation(base, case):
    statement, wanted = OPERATIONS[case]
    assert sorted(captured(base, statement)) == sorted(wanted)


STATEMENTS = {
    "a statement of several rows": (
        f"UPDATE {TEAM} SET region = 'XX'", [(UPDATED, ["1"]), (UPDATED, ["2"]), (UPDATED, ["3"])]),
    "only the rows that changed": (f"UPDATE {TEAM} SET region = 'EU'", [(UPDATED, ["1"])]),
    "UPDATE FROM another table": (
        f"UPDATE {TEAM} t SET description = m.role FROM {MEMBERSHIP} m WHERE m.team_id = t.id AND m.id IN (11, 13)",
        [(UPDATED, ["1"]), (UPDATED, ["2"])]),
    "DELETE USING another table": (
        f"DELETE FROM {MEMBERSHIP} m USING {TEAM} t WHERE t.id = m.team_id AND t.slug = 'one'",
        [(REMOVED, ["11", "1", "101"]), (REMOVED, ["12", "1", "102"])]),
    "INSERT ON CONFLICT DO UPDATE that does both": (
        f"""INSERT INTO {TEAM} (id, name, slug, game_id) VALUES (1, 'Uno', 'one', 1), (8, 'Eight', 'eight', 1)
            ON CONFLICT (slug) DO UPDATE SET name = excluded.name""", [(CREATED, ["8"]), (UPDATED, ["1"])]),
    "INSERT ON CONFLICT DO UPDATE that changes nothing": (
        f"""INSERT INTO {TEAM} (name, slug, game_id) VALUES ('One', 'one', 1)
            ON CONFLICT (slug) DO UPDATE SET name = excluded.name""", []),
    "INSERT ON CONFLICT DO NOTHING": (
        f"INSERT INTO {TEAM} (name, slug, game_id) VALUES ('One', 'one', 1) ON CONFLICT DO NOTHING", []),
    "writes inside WITH": (
        f"""WITH gone AS (DELETE FROM {MEMBERSHIP} WHERE id = 11 RETURNING *)
            INSERT INTO {MEMBERSHIP} (id, team_id, user_id) SELECT 21, team_id, 201 FROM gone""",
        [(ADDED, ["21", "1", "201"]), (REMOVED, ["11", "1", "101"])]),
    "values that stay as they are": (f"UPDATE {TEAM} SET region = region, name = name", []),
    "values of one row that stay as they are": (f"UPDATE {TEAM} SET region = region WHERE id = 1", []),
    "an unmapped column of one row": (f"UPDATE {TEAM} SET notes = 'changed' WHERE id = 1", []),
    "unmapped columns only, teams": (f"UPDATE {TEAM} SET notes = 'changed'", []),
    "unmapped columns only, memberships": (f"UPDATE {MEMBERSHIP} SET notes = 'changed'", []),
    "an insert of no rows": (f"INSERT INTO {TEAM} (name, slug, game_id) SELECT 'n', 's', 1 WHERE false", []),
    "an update of no rows": (f"UPDATE {TEAM} SET region = 'XX' WHERE id = 999", []),
    "a delete of no rows": (f"DELETE FROM {MEMBERSHIP} WHERE id = 999", []),
}


@pytest.mark.parametrize("case", STATEMENTS)
def test_each_kind_of_statement_raises_one_event_per_changed_row(base, case):
    statement, wanted = STATEMENTS[case]
    assert sorted(captured(base, statement)) == sorted(wanted)


def test_merge_raises_what_its_actions_do(base):
    if base.connect().info.server_version < 150000:
        pytest.skip("MERGE came with PostgreSQL 15")
    merge = f"""
        MERGE INTO {TEAM} t USING (VALUES (1, 'x'), (3, 'gone'), (9, 'new')) v (id, name) ON v.id = t.id
        WHEN MATCHED AND v.name = 'gone' THEN DELETE
        WHEN MATCHED THEN UPDATE SET name = v.name
        WHEN NOT MATCHED THEN INSERT (id, name, slug, game_id) VALUES (v.id, v.name, v.name, 1)"""
    assert sorted(captured(base, merge)) == sorted([(CREATED, ["9"]), (UPDATED, ["1"]), (DELETED, ["3"])])


def test_copy_raises_one_event_per_row(db):
    install(db)
    with db.connect("app_user") as conn:
        with conn.cursor().copy(f"COPY {TEAM} (id, name, slug, game_id) FROM STDIN") as copy:
            for n in range(1, 101):
                copy.write_row((n, f"copied {n}", f"copied-{n}", 1))
        conn.commit()
    assert sorted(events(db)) == sorted((CREATED, [str(n)]) for n in range(1, 101))


def test_a_statement_that_touches_10000_rows_raises_10000_events(base):
    many = f"INSERT INTO {TEAM} (id, name, slug, game_id) SELECT n, 'n', 'n' || n, 1 FROM generate_series(10001, 20000) n"
    found = captured(base, many)
    assert len(found) == 10000
    assert {ref for _, (ref,) in found} == {str(n) for n in range(10001, 20001)}
    found = captured(base, many, f"UPDATE {TEAM} SET region = 'XX' WHERE id > 10000")
    assert sum(op == UPDATED for op, _ in found) == 10000


def test_a_rolled_back_transaction_raises_nothing(db):
    install(db)
    with db.connect("app_user") as conn:
        conn.execute(f"INSERT INTO {TEAM} (name, slug, game_id) VALUES ('a', 'a', 1)")
        conn.rollback()
        with pytest.raises(errors.UniqueViolation):
            conn.execute(f"INSERT INTO {TEAM} (name, slug, game_id) VALUES ('a', 'a', 1), ('b', 'a', 1)")
        conn.rollback()
    assert events(db) == []


def test_a_rolled_back_savepoint_raises_nothing(db):
    install(db)
    with db.connect("app_user") as conn:
        conn.execute(f"INSERT INTO {TEAM} (id, name, slug, game_id) VALUES (1, 'kept', 'kept', 1)")
        conn.execute("SAVEPOINT s")
        conn.execute(f"INSERT INTO {TEAM} (id, name, slug, game_id) VALUES (2, 'gone', 'gone', 1)")
        conn.execute(f"DELETE FROM {TEAM} WHERE id = 1")
        conn.execute("ROLLBACK TO s")
        conn.execute(f"""DO $$ BEGIN
            INSERT INTO {TEAM} (id, name, slug, game_id) VALUES (3, 'gone', 'gone', 1);
            RAISE division_by_zero;
        EXCEPTION WHEN division_by_zero THEN NULL; END $$""")
        conn.execute("SAVEPOINT s2")
        conn.execute(f"INSERT INTO {TEAM} (id, name, slug, game_id) VALUES (4, 'kept too', 'kept-too', 1)")
        conn.execute("RELEASE s2")
        xid = conn.execute("SELECT pg_current_xact_id()::text").fetchone()[0]
        conn.commit()
    assert events(db) == [(CREATED, ["1"]), (CREATED, ["4"])]
    # also from inside a savepoint the events carry the transaction that await_sync() is asked about
    assert db.execute("SELECT DISTINCT xid::text FROM dualwrite.outbox") == [(xid,)]


def test_keys_beyond_2_to_the_31_and_53_are_captured_whole(base):
    huge = [2**31, 2**53 + 1, 2**63 - 1, -(2**63)]
    for n in huge:
        assert captured(base, f"INSERT INTO {TEAM} (id, name, slug, game_id) VALUES ({n}, 'n', 'n', 1)") == [
            (CREATED, [str(n)])]
        assert captured(base, f"INSERT INTO {MEMBERSHIP} (id, team_id, user_id) VALUES ({n}, {n}, {n})",
                        "SET CONSTRAINTS ALL DEFERRED") == [(ADDED, [str(n)] * 3)]


@pytest.mark.parametrize("branding", ["[]", '"text"', "null", "1e400", '{"logo_url": {"deep": [1]}}', '{"logo_url": null}'])
def test_no_value_of_a_row_makes_the_application_fail(base, branding):
    assert captured(base, f"""INSERT INTO {TEAM} (id, name, slug, game_id, branding, status, created_at, updated_at)
                              VALUES (5, '', '', -2147483648, '{branding}', '', '-infinity', 'infinity')""",
                    f"UPDATE {TEAM} SET name = repeat('\U0001d54f', 100) WHERE id = 5",
                    f"DELETE FROM {TEAM} WHERE id = 5") == [
        (CREATED, ["5"]), (UPDATED, ["5"]), (DELETED, ["5"])]


def test_the_outbox_holds_keys_and_no_other_data(db):
    install(db)
    team = db.new_team(name="Secret Name", region="Secret Region")
    db.new_member(team, user_id=4711)
    db.execute(f"UPDATE {TEAM} SET description = 'Secret words'", user="app_user")
    assert "Secret" not in str(db.execute("SELECT * FROM dualwrite.outbox"))


def test_all_events_of_a_family_are_in_one_bucket(db):
    install(db)
    team = db.new_team()
    members = [db.new_member(team, user_id=n) for n in range(20)]
    db.execute(f"UPDATE {MEMBERSHIP} SET role = 'COACH' WHERE id = %s", [members[0]], user="app_user")
    db.execute(f"DELETE FROM {MEMBERSHIP}", user="app_user")
    db.execute(f"DELETE FROM {TEAM}", user="app_user")
    buckets = {b for (b,) in db.execute("SELECT bucket FROM dualwrite.outbox")}
    assert len(buckets) == 1 and 0 <= buckets.pop() <= 1023
    # and other families are elsewhere
    db.execute(f"INSERT INTO {TEAM} (name, slug, game_id) SELECT 'n', 'n' || n, 1 FROM generate_series(1, 200) n",
               user="app_user")
    assert db.value("SELECT count(DISTINCT bucket) FROM dualwrite.outbox") > 100


# ---- TRUNCATE and overflow -------------------------------------------------------------------------------------------


def test_truncate_raises_the_resync_mark_of_its_table(db):
    install(db)
    db.new_member(db.new_team())
    forget_events(db)
    before = sequences(db)
    db.execute(f"TRUNCATE {MEMBERSHIP}")
    one = resync_marks(before, sequences(db))
    assert len(one) == 1
    db.execute(f"TRUNCATE {TEAM} CASCADE")
    assert len(resync_marks(before, sequences(db))) == 2
    assert events(db) == []


def test_past_the_ceiling_a_mark_is_raised_instead_of_an_event(db):
    install(db)
    db.new_team("first")
    db.execute("SELECT setval('dualwrite.outbox_ceiling', (SELECT last_value FROM dualwrite.outbox_id_seq))")
    kept, before = events(db), sequences(db)
    for nothing in (f"UPDATE {TEAM} SET region = 'x' WHERE false", f"DELETE FROM {TEAM} WHERE false",
                    f"INSERT INTO {TEAM} (name, slug, game_id) SELECT 'n', 's', 1 WHERE false"):
        db.execute(nothing, user="app_user")
    assert resync_marks(before, sequences(db)) == set()
    db.new_team("second")
    assert len(resync_marks(before, sequences(db))) == 1
    before = sequences(db)
    db.execute(f"UPDATE {TEAM} SET region = 'EU'", user="app_user")
    assert len(resync_marks(before, sequences(db))) == 1
    before = sequences(db)
    db.execute(f"DELETE FROM {TEAM}", user="app_user")
    assert len(resync_marks(before, sequences(db))) == 1
    assert events(db) == kept
    # room again: events again
    db.execute("SELECT setval('dualwrite.outbox_ceiling', (SELECT last_value + 100 FROM dualwrite.outbox_id_seq))")
    before = sequences(db)
    db.new_team("third")
    assert len(events(db)) == len(kept) + 1
    assert resync_marks(before, sequences(db)) == set()


# ---- the acting user -------------------------------------------------------------------------------------------------

ACTORS = {
    "a number": ("456", "456"),
    "empty is unknown": ("", None),
    "cut to 64 characters": ("\U0001d54f" * 100, "\U0001d54f" * 64),
    "not a number": ("4; DROP TABLE x", "4; DROP TABLE x"),
    "quotes and newlines": ("a'b\"c\\d\ne", "a'b\"c\\d\ne"),
    "forged line": ("1\n2026-01-01T00:00:00.000Z INFO event_type=x", "1\n2026-01-01T00:00:00.000Z INFO event_type=x"),
    "format letters": ("%s %I $1 {}", "%s %I $1 {}"),
    "blank": (" ", " "),
}


@pytest.mark.parametrize("case", ACTORS)
def test_the_actor_is_text_cut_to_64_characters_and_never_cast(base, case):
    said, wanted = ACTORS[case]
    with base.connect() as conn:
        conn.execute("SET LOCAL SESSION AUTHORIZATION app_user")
        conn.execute("SELECT set_config('dualwrite.actor_id', %s, true)", [said])
        conn.execute(f"INSERT INTO {TEAM} (name, slug, game_id) VALUES ('a', 'a', 1)")
        conn.execute("RESET SESSION AUTHORIZATION")
        assert conn.execute("SELECT actor FROM dualwrite.outbox").fetchall() == [(wanted,)]
        conn.rollback()


def test_the_actor_of_one_transaction_is_not_the_next_ones(db):
    install(db)
    with db.connect("app_user") as conn:
        conn.execute("SET LOCAL dualwrite.actor_id = '456'")
        conn.execute(f"INSERT INTO {TEAM} (name, slug, game_id) VALUES ('a', 'a', 1)")
        conn.commit()
        conn.execute(f"INSERT INTO {TEAM} (name, slug, game_id) VALUES ('b', 'b', 1)")
        conn.commit()
    assert db.execute("SELECT actor FROM dualwrite.outbox ORDER BY id") == [("456",), (None,)]


# ---- rights and hostile surroundings ---------------------------------------------------------------------------------


def test_the_application_needs_and_has_no_rights_on_our_schema(base):
    # SPEC section 7: PUBLIC may wait for its sync and see nothing else of ours
    readable = base.execute("""
        SELECT c.relname FROM pg_class c, unnest('{SELECT,INSERT,UPDATE,DELETE,TRUNCATE,REFERENCES,TRIGGER}'::text[]) p
        WHERE c.relnamespace = 'dualwrite'::regnamespace AND c.relkind IN ('r', 'v', 'm', 'p')
          AND has_table_privilege('app_user', c.oid, p)
        UNION ALL
        SELECT c.relname FROM pg_class c, unnest('{SELECT,USAGE,UPDATE}'::text[]) p
        WHERE c.relnamespace = 'dualwrite'::regnamespace AND c.relkind = 'S'
          AND has_sequence_privilege('app_user', c.oid, p)""")
    callable_ = {name for (name,) in base.execute("""
        SELECT p.proname FROM pg_proc p WHERE p.pronamespace = 'dualwrite'::regnamespace
          AND has_function_privilege('app_user', p.oid, 'EXECUTE')""")}
    assert readable == []
    assert callable_ == {"await_sync", "await_synced", "sync_pause_ms"}
    assert not base.value("SELECT has_schema_privilege('app_user', 'dualwrite', 'CREATE')")
    # the case above, OPERATIONS, runs as app_user: it needs none


def test_every_function_of_ours_that_acts_for_others_has_a_pinned_search_path(base):
    assert base.execute("""
        SELECT p.proname FROM pg_proc p WHERE p.pronamespace = 'dualwrite'::regnamespace AND p.prosecdef
          AND NOT coalesce(p.proconfig, '{}') && '{"search_path=pg_catalog, pg_temp"}'::text[]""") == []


HOSTILE_SCHEMA = """
CREATE SCHEMA evil AUTHORIZATION app_user;
SET ROLE app_user;
CREATE TABLE evil.calls (what text);
CREATE FUNCTION evil.called(what text) RETURNS void LANGUAGE plpgsql AS
    $$ BEGIN INSERT INTO evil.calls VALUES (what); RAISE EXCEPTION 'evil.% was called', what; END $$;
CREATE FUNCTION evil.hashtextextended(text, bigint) RETURNS bigint LANGUAGE plpgsql AS
    $$ BEGIN PERFORM evil.called('hashtextextended'); RETURN 0; END $$;
CREATE FUNCTION evil.pg_notify(text, text) RETURNS void LANGUAGE plpgsql AS
    $$ BEGIN PERFORM evil.called('pg_notify'); END $$;
CREATE FUNCTION evil.nextval(regclass) RETURNS bigint LANGUAGE plpgsql AS
    $$ BEGIN PERFORM evil.called('nextval'); RETURN 0; END $$;
CREATE FUNCTION evil.current_setting(text, boolean) RETURNS text LANGUAGE plpgsql AS
    $$ BEGIN PERFORM evil.called('current_setting'); RETURN ''; END $$;
CREATE FUNCTION evil."left"(text, integer) RETURNS text LANGUAGE plpgsql AS
    $$ BEGIN PERFORM evil.called('left'); RETURN ''; END $$;
CREATE FUNCTION evil.clock_timestamp() RETURNS timestamptz LANGUAGE plpgsql AS
    $$ BEGIN PERFORM evil.called('clock_timestamp'); RETURN now(); END $$;
CREATE FUNCTION evil.date_part(text, timestamptz) RETURNS float8 LANGUAGE plpgsql AS
    $$ BEGIN PERFORM evil.called('date_part'); RETURN 0; END $$;
CREATE FUNCTION evil.pg_sequence_last_value(regclass) RETURNS bigint LANGUAGE plpgsql AS
    $$ BEGIN PERFORM evil.called('pg_sequence_last_value'); RETURN 0; END $$;
CREATE FUNCTION evil.compare(text, text) RETURNS boolean LANGUAGE plpgsql AS
    $$ BEGIN PERFORM evil.called('= of text'); RETURN false; END $$;
CREATE FUNCTION evil.compare(bigint, bigint) RETURNS boolean LANGUAGE plpgsql AS
    $$ BEGIN PERFORM evil.called('= of bigint'); RETURN false; END $$;
CREATE FUNCTION evil.compare(varchar, text) RETURNS boolean LANGUAGE plpgsql AS
    $$ BEGIN PERFORM evil.called('= of varchar'); RETURN false; END $$;
CREATE FUNCTION evil.compare(record, record) RETURNS boolean LANGUAGE plpgsql AS
    $$ BEGIN PERFORM evil.called('*<> of record'); RETURN false; END $$;
CREATE FUNCTION evil.meet(bigint, integer) RETURNS bigint LANGUAGE plpgsql AS
    $$ BEGIN PERFORM evil.called('&'); RETURN 0; END $$;
CREATE FUNCTION evil.joined(text, integer) RETURNS text LANGUAGE plpgsql AS
    $$ BEGIN PERFORM evil.called('||'); RETURN ''; END $$;
CREATE OPERATOR evil.|| (FUNCTION = evil.joined, LEFTARG = text, RIGHTARG = integer);
CREATE OPERATOR evil.= (FUNCTION = evil.compare, LEFTARG = text, RIGHTARG = text);
CREATE OPERATOR evil.= (FUNCTION = evil.compare, LEFTARG = bigint, RIGHTARG = bigint);
CREATE OPERATOR evil.= (FUNCTION = evil.compare, LEFTARG = varchar, RIGHTARG = text);
CREATE OPERATOR evil.>= (FUNCTION = evil.compare, LEFTARG = bigint, RIGHTARG = bigint);
CREATE OPERATOR evil.*<> (FUNCTION = evil.compare, LEFTARG = record, RIGHTARG = record);
CREATE OPERATOR evil.& (FUNCTION = evil.meet, LEFTARG = bigint, RIGHTARG = integer);
RESET ROLE
"""


def test_a_hostile_search_path_executes_nothing_in_our_triggers(db):
    install(db, "--guard=on")
    db.execute(HOSTILE_SCHEMA)
    all_asleep(db)  # so that the doorbell is read and rung as well
    with db.connect("app_user", autocommit=True) as conn:
        # shadowing only works where pg_catalog stands behind; temporary tables come first of all
        conn.execute("SET search_path = evil, pg_catalog, public")
        conn.execute("""CREATE TEMP TABLE outbox (LIKE evil.calls); CREATE TEMP TABLE new_rows (LIKE evil.calls);
                        CREATE TEMP TABLE old_rows (LIKE evil.calls); CREATE TEMP TABLE changed (LIKE evil.calls)""")
        with pytest.raises(psycopg.errors.RaiseException):  # the trap is set: the application itself falls into it
            conn.execute("SELECT 1 WHERE 'a'::text = 'b'::text")
        conn.execute("SET dualwrite.actor_id = '1'")
        conn.execute(f"INSERT INTO {TEAM} (id, name, slug, game_id) VALUES (1, 'a', 'a', 1), (2, 'b', 'b', 1)")
        conn.execute(f"UPDATE {TEAM} SET region = 'EU'")
        conn.execute(f"UPDATE {TEAM} SET region = 'SA' WHERE id = 1")
        conn.execute(f"INSERT INTO {MEMBERSHIP} (id, team_id, user_id) VALUES (1, 1, 1)")
        conn.execute(f"UPDATE {MEMBERSHIP} SET status = 'INACTIVE'")
        conn.execute(f"DELETE FROM {MEMBERSHIP}")
        with pytest.raises(psycopg.Error) as refused:
            conn.execute("""INSERT INTO teams_team (name, slug, game, region, description, is_active, created_at, updated_at)
                            VALUES ('x', 'x', 'x', 'x', '', true, now(), now())""")
        assert refused.value.sqlstate == "DW003"
        db.execute("SELECT setval('dualwrite.outbox_ceiling', 0)")
        conn.execute(f"UPDATE {TEAM} SET region = 'NA'")
    assert db.execute("SELECT * FROM evil.calls") == []
    assert [op for op, _ in events(db)] == [CREATED, CREATED, UPDATED, UPDATED, UPDATED, ADDED, REMOVED, REMOVED]


# What the owner of the table may do to it, so that reading it runs a function of his.
OWN_TYPES = {
    "a key of a composite type": (TEAM, "id", f"""
        CREATE TYPE own AS (v bigint);
        CREATE FUNCTION own_value(own) RETURNS text LANGUAGE plpgsql AS
            $$ BEGIN INSERT INTO public.seen VALUES (current_user); RETURN ($1).v; END $$;
        CREATE CAST (own AS text) WITH FUNCTION own_value(own) AS IMPLICIT;
        ALTER TABLE {MEMBERSHIP} DROP CONSTRAINT organizations_teammembership_team_id_fkey;
        ALTER TABLE {TEAM} RENAME id TO former_id; ALTER TABLE {TEAM} ADD id own;
        UPDATE {TEAM} SET id = ROW(former_id)"""),
    "a status of an enum": (MEMBERSHIP, "status", f"""
        CREATE TYPE own AS ENUM ('ACTIVE', 'INACTIVE');
        CREATE FUNCTION own_value(own) RETURNS text LANGUAGE plpgsql AS
            $$ BEGIN INSERT INTO public.seen VALUES (current_user); RETURN 'ACTIVE'; END $$;
        CREATE CAST (own AS text) WITH FUNCTION own_value(own) AS IMPLICIT;
        ALTER TABLE {MEMBERSHIP} ALTER status DROP DEFAULT, ALTER status TYPE own USING status::own"""),
}


@pytest.mark.parametrize("case", OWN_TYPES)
def test_a_type_of_the_tables_owner_executes_nothing_with_the_rights_of_who_installed(db, case):
    """install was run by a superuser, as whom the capture functions act. A type's owner may make a cast to text for it."""
    table, column, change = OWN_TYPES[case]
    former = "id" if column == "status" else "former_id"
    install(db)
    db.execute(ROWS, user="app_user")
    db.execute(f"SET ROLE app_owner; CREATE TABLE seen (who text); GRANT ALL ON seen TO PUBLIC; {change}; RESET ROLE")
    forget_events(db)
    db.execute("DELETE FROM seen")
    for statement in (f"UPDATE {table} SET status = 'INACTIVE' WHERE {former} IN (1, 11)",
                      f"UPDATE {table} SET status = 'INACTIVE', updated_at = now()", f"DELETE FROM {table}"):
        before = sequences(db)
        db.execute(statement, user="app_owner")
        assert column == "status" or resync_marks(before, sequences(db)), "it is not lost"
    assert db.execute("SELECT * FROM seen") == []
    if column == "status":
        assert sorted(op for op, _ in events(db)) == 5 * [REMOVED] + [MEMBER_UPDATED] * 2


def test_sessions_that_live_through_a_change_of_the_table_go_on(db):
    install(db)
    db.new_team("old")
    with db.connect("app_user", autocommit=True) as conn:
        def touch(region):
            forget_events(db)
            conn.execute(f"UPDATE {TEAM} SET region = %s", [region])
            assert [op for op, _ in events(db)] == [UPDATED]

        touch("A")
        for change in ("ADD COLUMN extra integer DEFAULT 1", "ALTER COLUMN region TYPE text", "DROP COLUMN extra",
                       "ADD COLUMN other jsonb"):
            db.execute(f"ALTER TABLE {TEAM} {change}")
            touch(change[:20])
        forget_events(db)
        conn.execute(f"""UPDATE {TEAM} SET other = '{{}}'""")
        assert events(db) == []


def test_a_session_lives_through_a_column_that_is_renamed_for_a_while(db):
    install(db)
    db.execute(ROWS, user="app_user")
    writes = (f"UPDATE {TEAM} SET name = name || '+' WHERE id = 1", f"UPDATE {TEAM} SET name = name || '+'",
              f"INSERT INTO {TEAM} (id, name, slug, game_id) VALUES (9, 'n', 's', 1)", f"DELETE FROM {TEAM} WHERE id = 9")
    with db.connect("app_user", autocommit=True) as conn:
        def write():
            """The numbers of events and marks of each statement."""
            left = []
            for statement in writes:
                forget_events(db)
                before = sequences(db)
                conn.execute(statement)
                left.append((len(events(db)), len(resync_marks(before, sequences(db)))))
            return left

        whole = [(1, 0), (3, 0), (1, 0), (1, 0)]
        assert [write(), write()] == [whole] * 2  # its plans are made
        db.execute(f"ALTER TABLE {TEAM} RENAME COLUMN region TO area")
        assert write() == [(0, 1), (0, 1), (1, 0), (1, 0)]
        db.execute(f"ALTER TABLE {TEAM} RENAME COLUMN area TO region")
        assert write() == whole
        db.execute(f"ALTER TABLE {TEAM} DROP COLUMN region")
        assert write() == [(0, 1), (0, 1), (1, 0), (1, 0)]
        db.execute(f"ALTER TABLE {TEAM} ADD COLUMN region jsonb")
        assert write() == whole


def test_a_session_that_is_strict_about_plpgsql_does_not_fail_in_ours(base):
    strict = ["LOAD 'plpgsql'", "SET LOCAL plpgsql.extra_errors = 'all'", "SET LOCAL plpgsql.print_strict_params = on"]
    assert sorted(captured(base, f"UPDATE {TEAM} SET region = 'XX'", f"UPDATE {TEAM} SET region = 'YY' WHERE id = 1",
                           f"UPDATE {TEAM} SET region = 'XX' WHERE false", f"DELETE FROM {MEMBERSHIP}", setup=strict)) == [
        (REMOVED, ["11", "1", "101"]), (REMOVED, ["12", "1", "102"]), (REMOVED, ["13", "2", "101"]),
        (UPDATED, ["1"]), (UPDATED, ["1"]), (UPDATED, ["2"]), (UPDATED, ["3"])]


def test_a_row_that_moves_to_another_partition_and_never_gets_there(db):
    """Then a statement has an old row and no new one, or more of these than of those."""
    install(db)
    db.execute(f"""
        CREATE TABLE parted (LIKE {TEAM} INCLUDING DEFAULTS) PARTITION BY LIST (region);
        CREATE TABLE parted_na PARTITION OF parted FOR VALUES IN ('NA');
        CREATE TABLE parted_eu PARTITION OF parted FOR VALUES IN ('EU');
        CREATE FUNCTION unwanted() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN CASE WHEN NEW.id <> 3 THEN NEW END; END';
        INSERT INTO parted (id, name, slug, game_id, region)
        SELECT n, 'n', 'n' || n, 1, 'NA' FROM generate_series(1, 4) n;
        CREATE TRIGGER unwanted BEFORE INSERT ON parted_eu FOR EACH ROW EXECUTE FUNCTION unwanted();
        CREATE TRIGGER captured AFTER UPDATE ON parted REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
            FOR EACH STATEMENT EXECUTE FUNCTION dualwrite.capture_team_update();
        GRANT ALL ON parted TO app_user""")
    for ids, wanted in (("1", [(UPDATED, ["1"])]), ("3", [(DELETED, ["3"])]), ("3, 4", [(DELETED, ["3"]), (UPDATED, ["4"])])):
        assert sorted(captured(db, f"UPDATE parted SET region = 'EU' WHERE id IN ({ids})")) == wanted
    before = sequences(db)
    db.execute("SELECT setval('dualwrite.outbox_ceiling', 0)")
    db.execute("UPDATE parted SET region = 'EU' WHERE id = 3")
    assert len(resync_marks(before, sequences(db))) == 1


# ---- writers do not meet ---------------------------------------------------------------------------------------------


def test_writers_never_block_each_other(db):
    install(db)
    all_asleep(db)
    team = db.new_team()
    with db.connect("app_user") as one, db.connect("app_user") as two:
        for conn, slug in ((one, "one"), (two, "two")):
            conn.execute("SET LOCAL lock_timeout = '2s'")
            conn.execute("SET LOCAL statement_timeout = '5s'")
        for n, (conn, slug) in enumerate(((one, "one"), (two, "two"), (one, "one-more"), (two, "two-more"))):
            conn.execute(f"INSERT INTO {TEAM} (name, slug, game_id) VALUES ('n', '{slug}', 1)")
            # the same family, so the same bucket and the same doorbell
            conn.execute(f"INSERT INTO {MEMBERSHIP} (team_id, user_id) VALUES (%s, %s)", [team, n])
        two.commit()
        one.commit()
    assert len(events(db)) == 9


@pytest.mark.parametrize("level", ["REPEATABLE READ", "SERIALIZABLE"])
def test_writers_at_higher_isolation_levels_do_not_fail_because_of_us(db, level):
    install(db)
    all_asleep(db)
    with db.connect("app_user") as one, db.connect("app_user") as two:
        for conn in (one, two):
            conn.execute(f"SET TRANSACTION ISOLATION LEVEL {level}")
            conn.execute("SELECT 1")
        for slug in ("a", "b", "c"):
            one.execute(f"INSERT INTO {TEAM} (name, slug, game_id) VALUES ('one', 'one-{slug}', 1)")
            two.execute(f"INSERT INTO {TEAM} (name, slug, game_id) VALUES ('two', 'two-{slug}', 1)")
        one.commit()
        two.commit()
    assert len(events(db)) == 6


def test_many_writers_at_once_lose_nothing(db):
    install(db)
    wrong = []

    def write(number):
        try:
            with db.cluster.connect(db.name, "app_user") as conn:
                for n in range(50):
                    conn.execute(f"INSERT INTO {TEAM} (name, slug, game_id) VALUES ('n', %s, 1)", [f"{number}-{n}"])
        except Exception as error:  # shown by the assertion below
            wrong.append(error)

    threads = [threading.Thread(target=write, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert sorted(ref for _, (ref,) in events(db)) == sorted(str(i) for (i,) in db.execute(f"SELECT id FROM {TEAM}"))


# ---- the doorbell ----------------------------------------------------------------------------------------------------


def test_the_doorbell_is_rung_only_while_the_daemon_sleeps(db):
    install(db)
    listener = Listener(db, "dualwrite")
    db.new_team("never asleep")
    assert listener.heard() == []
    all_asleep(db)
    team = db.new_team("asleep")
    bell = db.value("SELECT bucket * %s / 1024 FROM dualwrite.outbox ORDER BY id DESC LIMIT 1", [partitions(db)])
    assert listener.heard() == [("dualwrite", str(bell))]
    all_asleep(db, seconds=-1)
    db.execute(f"UPDATE {TEAM} SET region = 'EU'", user="app_user")
    assert listener.heard() == []
    # only the bell of its own partition
    for other in range(partitions(db)):
        if other != bell:
            db.execute(f"SELECT setval('dualwrite.doorbell_{other}', 9000000000000)")
    db.new_member(team)
    assert listener.heard() == []


def test_a_statement_rings_each_bell_once(db):
    install(db)
    all_asleep(db)
    listener = Listener(db, "dualwrite")
    db.execute(f"INSERT INTO {TEAM} (name, slug, game_id) SELECT 'n', 'n' || n, 1 FROM generate_series(1, 2000) n",
               user="app_user")
    heard = listener.heard()
    assert sorted(heard) == sorted(("dualwrite", str(n)) for n in range(partitions(db)))
    db.execute(f"UPDATE {TEAM} SET updated_at = updated_at", user="app_user")
    db.execute(f"UPDATE {TEAM} SET region = 'x' WHERE false", user="app_user")
    assert listener.heard() == []


def test_a_writer_with_an_old_snapshot_sees_the_doorbell_of_now(db):
    install(db)
    listener = Listener(db, "dualwrite")
    with db.connect("app_user") as conn:
        conn.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        conn.execute(f"SELECT count(*) FROM {TEAM}")
        all_asleep(db)
        conn.execute(f"INSERT INTO {TEAM} (name, slug, game_id) VALUES ('a', 'a', 1)")
        assert listener.heard() == []
        conn.commit()
    assert len(listener.heard()) == 1


def test_a_rolled_back_writer_rings_nothing(db):
    install(db)
    all_asleep(db)
    listener = Listener(db, "dualwrite")
    with db.connect("app_user") as conn:
        conn.execute(f"INSERT INTO {TEAM} (name, slug, game_id) VALUES ('a', 'a', 1)")
        conn.rollback()
    assert listener.heard() == []


def test_what_ends_a_transaction_badly_leaves_nothing_behind(db):
    """A writer whose backend dies before its commit."""
    install(db)
    conn = db.connect("app_user")
    conn.execute(f"INSERT INTO {TEAM} (name, slug, game_id) VALUES ('a', 'a', 1)")
    pid = conn.info.backend_pid
    db.execute("SELECT pg_terminate_backend(%s)", [pid])
    wait_until(lambda: not db.execute("SELECT 1 FROM pg_stat_activity WHERE pid = %s", [pid]))
    assert events(db) == [] and db.value(f"SELECT count(*) FROM {TEAM}") == 0
