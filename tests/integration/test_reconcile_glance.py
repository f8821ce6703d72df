"""`dualwrited reconcile` lets the servers compare whole chunks: nothing is missed wherever it stands in a chunk and whatever its
type is, and a chunk that is in step costs a fixed number of statements. What it finds otherwise: test_reconcile.py."""

import pytest

from conftest import Daemon, install
from helpers import LEGACY_TEAM, MAP, TEAM, as_sync_session, cli, drained, forget_events
from test_counts import Counted
from test_language import entity, legacy, map_of, map_table, mapping, write
from test_reconcile import columns, of, reconcile, samples

pytestmark = pytest.mark.layouts("one", "two")

# of a chunk of ten among thirty: the first row of all, the last of a chunk, the first of one, the middle, the last of all
PLACES = [1, 10, 11, 15, 30]


def in_step(db, count):
    """Teams on both sides, written by hand."""
    db.execute(f"INSERT INTO {TEAM} (id, name, slug, game_id, updated_at) "
               f"SELECT n, 'n' || n, 's' || n, 1, '2026-01-01' FROM generate_series(1, {count}) n")
    db.execute(f"INSERT INTO {MAP} (legacy_team_id, vnext_team_id, legacy_slug, migration_date, verified, created_at, updated_at) "
               f"SELECT n, n, 's' || n, now(), true, now(), now() FROM generate_series(1, {count}) n")
    db.legacy.execute(f"INSERT INTO {LEGACY_TEAM} (id, name, slug, game, region, description, is_active, created_at, updated_at) "
                      f"SELECT n, 'n' || n, 's' || n, 'valorant', '', '', true, now(), '2026-01-01' FROM generate_series(1, {count}) n")


def keys(answer, name):
    return sorted(int(sample["key"]) for sample in samples(answer, "team", name))


@pytest.fixture(params=["--rate=0", "--rate=10000"])
def thirty(request, db):
    """Thirty teams in step, and how to compare them in chunks of ten: two at once, and one by one."""
    in_step(db, 30)
    install(db)
    return db, ("--entity=team", "--chunk=10", "--sample=30", request.param)


def test_a_difference_is_found_wherever_it_stands_in_a_chunk(thirty):
    db, args = thirty
    assert reconcile(db, *args)["summary"]["verdict"] == "clean"
    as_sync_session(db, f"UPDATE {LEGACY_TEAM} SET region = 'zz' WHERE id = ANY (%s)", [PLACES])
    as_sync_session(db, f"DELETE FROM {LEGACY_TEAM} WHERE id = ANY (%s)", [[n + 1 for n in PLACES[1:-1]]])
    answer = reconcile(db, *args, check=1)
    assert of(answer, "team", "missing", "drifted", "extra") == {"missing": 3, "drifted": 4}
    assert keys(answer, "region") == [1, 10, 15, 30] and keys(answer, "missing") == [11, 12, 16]


def test_a_legacy_row_too_many_is_found_wherever_it_stands_in_a_chunk(thirty):
    db, args = thirty
    db.execute(f"DELETE FROM {TEAM} WHERE id = ANY (%s)", [PLACES])
    db.execute(f"DELETE FROM {MAP} WHERE vnext_team_id IN (12, 29)")
    forget_events(db)
    answer = reconcile(db, *args, check=1)
    assert keys(answer, "extra") == PLACES
    # without a row of the map 12 and 29 have no legacy row, and theirs is nobody's
    assert of(answer, "team", "extra", "missing", "unmapped", "legacy_compared") == \
        {"extra": 5, "missing": 2, "unmapped": 2, "legacy_compared": 30}


TYPES = {  # column: (in vNext, in legacy, mapped as, the value of row n in vNext, what it drifts to in legacy)
    "price": ("int", "numeric(10,2)", "price", "n", "0.01"),
    "code": ("text", "char(5)", "code", "'c' || n", "'x'"),
    "at": ("timestamptz", "timestamptz", "at", "'2026-07-01 12:00:00.123456+02'::timestamptz + n * interval '1 day'", "at + interval '1 us'"),
    "span": ("interval", "interval", "span", "n * interval '1 day 2 hours'", "span + interval '1 s'"),
    "ratio": ("float8", "float8", "ratio", "n / 3.0", "ratio * 1.0000000000000003"),
    "raw": ("bytea", "bytea", "raw", r"convert_to('\ {} \"' || n, 'UTF8')", r"'\x00'"),
    "tags": ("text[]", "text[]", "tags", "ARRAY['a b', NULL, 'NULL', '\"' || n]", "'{NULL}'"),
    "mood": ("text", "mood", "mood", "CASE WHEN n % 2 = 0 THEN 'so so' END", "'good'"),
    "part": ("text", "part", "part", "'p' || n", "'px'"),
    "doc": ("jsonb", "jsonb", "doc", "jsonb_build_object('n', n, 'b', NULL, 'a', '\"')", "'{}'"),
    "doc_text": ("json", "json", "doc_text", "json_build_object('n', n)", "'{\"n\":  1}'"),
    "big": ("bool", "bool", {"expression": "price > 10 OR note IS NULL"}, "NULL", "NOT big"),
    "kind": ("int", "text", {"column": "kind", "values": {"0": "NULL", "1": "", "2": "two, {\"\\"}}, "n % 3", "'three'"),
    "note": ("text", "varchar(20)", "note", "CASE WHEN n % 3 > 0 THEN repeat('ä', n) END", "'zz'"),
    "fixed": ("text", "text", {"constant": "it's"}, "NULL", "'its'"),
}


@pytest.fixture
def typed(application):
    """Twenty rows of every kind of type, synced; the databases show values in their own ways."""
    values = {name: spec[2] for name, spec in TYPES.items()}
    values["once"] = {"column": "once", "insert_only": True}
    db = application(
        mapping(entity("thing", "thing", "old_thing", values, removal="keep", map=map_of("thing_map"))),
        map_table("thing_map") + "CREATE TABLE thing (id int PRIMARY KEY, once text, "
        + ", ".join(f"{name} {spec[0]}" for name, spec in TYPES.items()) + ")",
        "CREATE TYPE mood AS ENUM ('so so', 'good'); CREATE DOMAIN part AS varchar(10) CHECK (value LIKE 'p%');"
        "CREATE TABLE old_thing (id serial PRIMARY KEY, once varchar(3), "
        + ", ".join(f"{name} {spec[1]}" for name, spec in TYPES.items()) + ")")
    install(db)
    write(db, f"INSERT INTO thing (id, once, {', '.join(TYPES)}) "
              f"SELECT n, 'o', {', '.join(spec[3] for spec in TYPES.values())} FROM generate_series(1, 20) n")
    with Daemon(db):
        drained(db)
    for side, style in zip(db.sides, ("German", "SQL, DMY")):
        side.execute(f"""DO $$ BEGIN EXECUTE (SELECT string_agg(format('ALTER DATABASE %I SET %s;', current_database(), s), ' ')
            FROM unnest(ARRAY['timezone = ''Asia/Kolkata''', 'datestyle = ''{style}''', 'intervalstyle = ''iso_8601''',
                              'extra_float_digits = -5', 'bytea_output = ''escape''']) s); END $$""")
    return db


def test_values_of_every_type_are_told_apart_and_not_doubted(typed):
    db = typed
    assert reconcile(db)["summary"]["verdict"] == "clean"
    assert_cost(db, 20, 5)  # no row was read by itself
    for n, (name, spec) in enumerate(TYPES.items()):
        as_sync_session(db, f"UPDATE old_thing SET {name} = {spec[4]} WHERE id = (SELECT min(id) + {n} FROM old_thing)")
    answer = reconcile(db, check=1)
    assert of(answer, "thing", "drifted", "compared") == {"drifted": len(TYPES), "compared": 20}
    assert columns(answer, "thing") == {name: 1 for name in TYPES}


@pytest.fixture
def picky(application):
    removed = {"note": {"constant": "gone"}, "amount": {"constant": "0"}, "code": {"constant": "cg"}, "kind": {"constant": "none"}}
    values = {**{name: name for name in ("note", "amount", "code")}, "kind": {"column": "kind", "values": {"1": "one"}},
              **{name: {"column": name, "insert_only": True} for name in ("once", "rate")}}
    db = application(
        mapping(entity("thing", "thing", "old_thing", values, removal={"set": removed}, map=map_of("thing_map"),
                       present={"column": "here", "in": ["yes"]})),
        map_table("thing_map") + "CREATE TABLE thing (id int PRIMARY KEY, here text, once text, rate int, note text, amount int, "
        "code text, kind int)",
        "CREATE TABLE old_thing (id serial PRIMARY KEY, once varchar(3), rate numeric(4,2), note varchar(5), amount numeric(4,2), "
        "code char(3), kind text)")
    install(db)
    write(db, "INSERT INTO thing SELECT n, 'yes', 'o', 1, 'n', 1, 'c', 1 FROM generate_series(1, 3) n")
    with Daemon(db):
        drained(db)
        write(db, "UPDATE thing SET here = 'no' WHERE id = 2")
        drained(db)
    return db


@pytest.mark.parametrize("row, column, value", [
    (1, "once", "'long'"), (1, "rate", "12345"), (1, "note", "'too long'"), (1, "kind", "9"),
    (2, "note", "'too long'"), (2, "amount", "12345"), (2, "code", "'long'"), (2, "kind", "9")])
def test_what_legacy_would_not_take_is_refused_also_where_it_is_not_compared(picky, row, column, value):
    """Row 1 is present, and what is written once is not compared; of row 2, which is not, what its removal sets."""
    db = picky
    before = db.value(f"SELECT {column} FROM thing WHERE id = {row}")
    write(db, f"UPDATE thing SET {column} = {value} WHERE id = {row}")
    forget_events(db)
    answer = reconcile(db, check=1)
    write(db, f"UPDATE thing SET {column} = %s WHERE id = {row}", [before])
    forget_events(db)
    assert of(answer, "thing", "refused", "drifted", "compared") == {"refused": 1, "compared": 3}
    assert samples(answer, "thing", "refused")[0]["key"] == str(row)


def test_what_the_map_would_get_may_be_what_cannot_be_read(application):
    db = application(
        mapping(entity("team", "team", "old_team", {"name": "name"}, removal="keep",
                       map=map_of("team_map", columns={"share": {"expression": "100 / size"}}))),
        map_table("team_map").replace("ok bool", "share int, ok bool") + "CREATE TABLE team (id int PRIMARY KEY, name text, size int)",
        "CREATE TABLE old_team (id serial PRIMARY KEY, name text)")
    install(db)
    with Daemon(db):
        write(db, "INSERT INTO team SELECT n, 't' || n, n FROM generate_series(1, 5) n")
        drained(db)
    write(db, "UPDATE team SET size = 0 WHERE id = 3")
    forget_events(db)
    answer = reconcile(db, check=1)
    assert of(answer, "team", "refused", "compared") == {"refused": 1, "compared": 5}
    assert len(legacy(db, "SELECT FROM old_team")) == 5


@pytest.mark.layouts("two", reason="one database has one type of a name, and one encoding")
@pytest.mark.parametrize("column, labels, written", [("mood", "'x', 'z'", "z"), ("text", "'x'", "\u2603")])
def test_a_type_of_the_same_name_may_hold_other_values_in_legacy(application, column, labels, written):
    """Labels of an enum, and what the encoding of the database has no character for; in a column that is not compared."""
    db = application(
        mapping(entity("thing", "thing", "old_thing", {"id": "id", "once": {"column": "once", "insert_only": True}})),
        f"CREATE TYPE mood AS ENUM ({labels}); CREATE TABLE thing (id int PRIMARY KEY, once {column})",
        f"CREATE TYPE mood AS ENUM ('x', 'y'); CREATE TABLE old_thing (id int PRIMARY KEY, once {column})")
    db.legacy.close()
    db.execute("UPDATE pg_database SET encoding = pg_char_to_encoding('LATIN1'), datcollate = 'C', datctype = 'C' WHERE datname = %s",
               [db.legacy.name])
    install(db)
    write(db, "INSERT INTO thing SELECT n, 'x' FROM generate_series(1, 5) n")
    as_sync_session(db, "INSERT INTO old_thing SELECT n, 'x' FROM generate_series(1, 5) n")
    write(db, "UPDATE thing SET once = %s WHERE id = 3", [written])
    forget_events(db)
    answer = reconcile(db, check=1)
    assert of(answer, "thing", "refused", "compared") == {"refused": 1, "compared": 5}
    assert samples(answer, "thing", "refused")[0]["key"] == "3"


# ---- what it costs ---------------------------------------------------------------------------------------------------------------


def counted(db, *args):
    """Round trips and statements of a reconcile that finds nothing: the least of three, once a second there is more to do."""
    counts = []
    for _ in range(3):
        with Counted(db.cluster.port) as proxy:
            urls = {"DUALWRITE_DATABASE_URL": proxy.url(db)}
            if db.legacy is not db:
                urls["DUALWRITE_LEGACY_DATABASE_URL"] = proxy.url(db.legacy)
            cli(db, "reconcile", "--rate=0", *args, user="daemon_login", **urls)
            counts.append(proxy.counts())
    return min(counts)


# Of two chunks, which are compared at once, in both passes: where the second one begins; what one side gives and the other says of
# it, each of which is a transaction whose statements go together. How far it has got is noted, and the lag asked for, once a second.
TWO_CHUNKS = (10, 50)


def assert_cost(db, rows, times, *args):
    """Of so many rows in so many times two chunks in place of two, for each two that are more."""
    few, many = (counted(db, *args, f"--chunk={rows // 2 // n}") for n in (1, times))
    cost = tuple((more - first) / (times - 1) for first, more in zip(few, many))
    print(f"{db.layout}: {few} round trips and statements for two chunks, {cost} for each two more")
    assert all(least <= found < least + 2 for found, least in zip(cost, TWO_CHUNKS))


def test_what_chunks_cost_that_are_in_step(db):
    in_step(db, 1000)
    install(db)
    assert_cost(db, 1000, 10, "--entity=team")
