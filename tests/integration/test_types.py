"""Types, keys and names: what vNext holds arrives in legacy without loss, whatever the server, the database and the roles are
set to, and what has not changed is not written again."""

import psycopg
import pytest

from conftest import Daemon, install, wait_until
from helpers import HOSTILE, as_sync_session, drained, failed

pytestmark = pytest.mark.layouts("one", "two")

# how this test looks at values: nothing is lost, and nothing depends on what the database is set to
LOOK = """SET DateStyle = 'ISO, YMD'; SET IntervalStyle = 'postgres'; SET extra_float_digits = 1; SET bytea_output = 'hex';
          SET TimeZone = 'UTC'; SET standard_conforming_strings = on; SET array_nulls = on; SET search_path = public;
          SET default_transaction_isolation = 'read committed'; SET default_transaction_read_only = off"""

# what an old database may be set to, in any of the three places where that can be done
ODD = {
    "DateStyle": "'SQL, DMY'", "IntervalStyle": "'sql_standard'", "extra_float_digits": "0", "bytea_output": "'escape'",
    "TimeZone": "'Asia/Kathmandu'", "search_path": "odd", "standard_conforming_strings": "off",
    "quote_all_identifiers": "on", "transform_null_equals": "on", "lc_monetary": "'C'", "xmlbinary": "'hex'",
}
# and what bites by itself
SINGLE = {
    "client_encoding": "'LATIN1'", "array_nulls": "off", "default_transaction_isolation": "'serializable'",
    "default_transaction_read_only": "on", "default_transaction_deferrable": "on", "idle_session_timeout": "'3s'",
    "backslash_quote": "'off'", "synchronize_seqscans": "off", "plan_cache_mode": "'force_generic_plan'",
}


def entity(columns, key="id", removal="delete", **more):
    """Table a kept in step with table b."""
    return {"name": "a", "source": {"table": "a", "key": [key]}, "target": {"table": "b", "key": [key]},
            "columns": columns, "removal": removal, "log": {"id": "a_id"},
            "operations": {"insert": "a_i", "update": "a_u", "remove": "a_r"}, **more}


def look(db, statement, params=None):
    """As db.execute(), in a session of its own that shows values without loss."""
    with db.connect(autocommit=True, client_encoding="UTF8") as conn:
        conn.execute(LOOK)
        cursor = conn.execute(statement, params)
        return cursor.fetchall() if cursor.description else []


def texts(db, table, columns):
    """{id: {column: text}}"""
    rows = look(db, f"SELECT id::text, {', '.join(f'{c}::text' for c in columns)} FROM {table}")
    return {id: dict(zip(columns, values)) for id, *values in rows}


def versions(db, table="b"):
    return sorted(look(db, f"SELECT xmin::text, ctid::text, id::text FROM {table}"))


# ---- values ------------------------------------------------------------------------------------------------------------------

# values of each type, as SQL
TYPES = {
    "numbers": {
        "int2": ["32767", "-32768"], "int4": ["2147483647", "-2147483648"], "int8": ["9223372036854775807", "-9007199254740993"],
        "numeric": ["123456789012345678901234567890.123456789012345678901234567890", "'NaN'", "'Infinity'", "'-Infinity'",
                    "1.50000", "-0.00", "1e-300", "1e300", "0"],
        "numeric(12,4)": ["12345678.9000", "0.0001"],
        "float8": ["0.1::float8 + 0.2", "'NaN'", "'-0'", "'Infinity'", "'-Infinity'", "5e-324", "1.7976931348623157e308",
                   "123456789.12345678"],
        "float4": ["0.1::float4", "16777217", "'NaN'", "'-0'", "3.4028235e38", "1e-45"],
        "bool": ["true", "false"], "oid": ["4294967295"],
    },
    "times": {
        "timestamptz": ["'2026-02-03 04:05:06.789012+05:45'", "'infinity'", "'-infinity'", "'0044-03-15 12:00:00 BC'",
                        "'294276-12-31 23:59:59.999999+00'", "'2026-10-25 01:30:00+00'", "'1900-01-01 00:00:00.000001+00'"],
        "timestamp": ["'2026-02-03 04:05:06.789012'", "'infinity'", "'4713-01-01 00:00:00 BC'", "'2026-03-29 02:30:00'"],
        "timestamptz(3)": ["'2026-02-03 04:05:06.789+00'"],
        "date": ["'2026-02-03'", "'infinity'", "'-infinity'", "'0001-01-01 BC'", "'5874897-12-31'"],
        "time": ["'23:59:59.999999'", "'24:00'"], "timetz": ["'04:05:06.5+05:45'", "'04:05:06-15:59'"],
        "interval": ["'1 year 2 mons -3 days 04:05:06.789'", "'-1 year -2 mons +3 days -04:05:06.000001'", "'0'",
                     "'1 mon -30 days'", "'178000000 years'", "'-1 day +23:00'"],
    },
    "texts": {
        "text": [f"$q${text}$q$" for text in HOSTILE.values()] + ["''", "' '", "repeat('\u00fc\U0001f984', 20000)"],
        "varchar(20)": ["'  blanks  '", "''", "repeat('\U0001f984', 20)"],
        "char(5)": ["'a'", "'ab   '", "''", "'\u00fc\u00fc\u00fc\u00fc\u00fc'"],
        'pg_catalog."char"': ["'x'"], "name": ["'a name'"],
    },
    "documents": {
        "jsonb": ["'null'", "'\"text\"'", "'\"{\\\"a\\\": 1}\"'", "'12345678901234567890.10'", "'[]'", "'{}'", "'true'", "'[null]'",
                  "'{\"a\": [1, {\"b\": null}], \"\u00e4\": \"\\u00e9\\n\\\\\", \"n\": 1e400}'"],
        "json": ["'null'", "'\"text\"'", "'{\"b\": 1,   \"a\": 2, \"a\": 3}'", "' [1 , 2]\n'", "'\"\\u0000\"'", "'1.50'"],
        "xml": ["'<a b=\"c\">d &amp; e</a>'"], "jsonpath": ["'$.a[*] ? (@ > 1)'"],
    },
    "bytes and networks": {
        "bytea": ["'\\x00ff5c270a'::bytea", "''::bytea", "decode(repeat('5c78', 5000), 'hex')"],
        "bit(5)": ["B'10101'"], "varbit": ["B''", "B'1'"], "uuid": ["'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11'"],
        "inet": ["'10.0.0.1/8'", "'::1'", "'192.168.0.1'"], "cidr": ["'10.0.0.0/8'"], "macaddr": ["'08:00:2b:01:02:03'"],
        "tsvector": ["'a:1 b:2 ''c d'''"], "point": ["'(0.1,-0)'"], "box": ["'(1,1),(0,0)'"],
        "int4range": ["'[1,5)'", "'empty'", "'(,)'"], "tstzrange": ["'[2026-01-01 00:00+00,infinity)'"],
        "int4multirange": ["'{[1,3),[5,9)}'"],
    },
    "arrays": {
        "int4[]": ["'{}'", "'{1,NULL,-3}'", "'{{1,2},{3,4}}'", "'[0:1]={7,8}'"],
        "text[]": ["ARRAY['a,b', NULL, 'NULL', '', 'with \"quotes\"', 'bra{ce}s', 'back\\\\slash', ' blank ', 'null', E'new\\nline']",
                   "'{}'", "ARRAY[ARRAY['a', NULL], ARRAY['\U0001f984', '''']]"],
        "varchar(3)[]": ["ARRAY['abc', NULL]"], "timestamptz[]": ["ARRAY['2026-02-03 04:05:06+00'::timestamptz, 'infinity', NULL]"],
        "float8[]": ["ARRAY[0.1::float8 + 0.2, 'NaN', '-0']"], "bytea[]": ["ARRAY['\\x00ff'::bytea, '\\x5c']"],
        "jsonb[]": ["ARRAY['null', '\"x\"', '{\"a\": 1}']::jsonb[]"], "uuid[]": ["ARRAY['a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11']::uuid[]"],
        "interval[]": ["ARRAY['1 year -2 days'::interval]"], "bool[]": ["'{t,f,NULL}'"],
    },
    "types of its own": {
        "mood": ["'sad'", "'very \"happy\", {really}'", "'NULL'"], "mood[]": ["ARRAY['sad', NULL, 'very \"happy\", {really}', 'NULL']::mood[]"],
        '"Odd Type"': ["'x'"], "small": ["'7'"], "short": ["'abc'"], "document": ["'null'", "'\"text\"'", "'{\"a\": 1}'"],
        "numbers": ["'{1,NULL}'"], "pair": ["ROW(1, 'a,\"b\"')", "ROW(NULL, '')", "ROW(2, NULL)"],
        "pair[]": ["ARRAY[ROW(1, 'x')::pair, NULL]"], "hstore": ["'a=>1, \"b c\"=>NULL'"], "floats": ["'[0.1,0.30000000000000004]'"],
    },
}
OWN = """
    CREATE TYPE mood AS ENUM ('sad', 'very "happy", {really}', 'NULL'); CREATE TYPE "Odd Type" AS ENUM ('x', 'y');
    CREATE DOMAIN small AS int2 CHECK (VALUE > 0); CREATE DOMAIN short AS varchar(3); CREATE DOMAIN document AS jsonb;
    CREATE DOMAIN numbers AS int4[]; CREATE TYPE pair AS (n int4, t text); CREATE EXTENSION hstore;
    CREATE TYPE floats AS RANGE (subtype = float8)"""


@pytest.fixture
def odd_login(cluster):
    """A login with odd settings of its own, and what makes a database odd."""
    with cluster.connect() as conn:
        conn.execute("DO $$ BEGIN CREATE ROLE odd_login LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$")
    yield "odd_login"
    with cluster.connect() as conn:
        conn.execute("ALTER ROLE odd_login RESET ALL")


def make_odd(db, settings):
    """New sessions of these databases, and of odd_login, have these settings from now on, with decoys where an odd search path
    leads."""
    for side in db.sides:
        side.execute("""CREATE SCHEMA odd; CREATE TABLE odd.a (id text); CREATE TABLE odd.b (id text); GRANT USAGE ON SCHEMA odd TO PUBLIC;
                        GRANT ALL ON ALL TABLES IN SCHEMA odd TO PUBLIC""")
        side.execute("GRANT dualwrite_daemon TO odd_login")
        for name, value in settings.items():
            side.execute(f"ALTER ROLE odd_login SET {name} = {value}")
            side.execute(f"ALTER DATABASE {side.name} SET {name} = {value}")
    db.close()


def typed(application, types):
    """Tables a and b with a column c0, c1, ... of each type, and `touched`, which raises an event and changes nothing in b."""
    columns = {f"c{n}": type_ for n, type_ in enumerate(types)}
    mapping = {"entities": [entity({"id": "id", **{c: c for c in columns}, "touch": {"expression": "touched * 0"}})]}
    definition = ", ".join(f"{c} {type_}" for c, type_ in columns.items())
    db = application(mapping, f"CREATE TABLE a (id int PRIMARY KEY, touched int NOT NULL DEFAULT 0, {definition})",
                     f"CREATE TABLE b (id int PRIMARY KEY, touch int, {definition})", OWN)
    return db, columns


@pytest.mark.parametrize("surroundings", ["plain", "odd"])
@pytest.mark.parametrize("family", TYPES)
def test_values_arrive_without_loss_and_are_not_written_again(application, odd_login, family, surroundings):
    types = TYPES[family]
    db, columns = typed(application, types)
    install(db)
    user = "daemon_login"
    if surroundings == "odd":
        make_odd(db, ODD)
        user = odd_login
    with Daemon(db, user=user) as daemon:
        count = max(map(len, types.values())) + 1  # the last row has NULL in every column
        for n in range(count):
            values = [values[n] if n < len(values) else "NULL" for values in types.values()]
            look(db, f"INSERT INTO a (id, {', '.join(columns)}) VALUES ({n}, {', '.join(values)})")
        daemon.wait_for("dual_write_completed", count=count)
        source, target = texts(db, "a", columns), texts(db.legacy, "b", columns)
        wrong = [f"{columns[c]}: {source[id][c]!r} arrived as {target.get(id, {}).get(c)!r}"
                 for id in source for c in columns if target.get(id, {}).get(c) != source[id][c]]
        assert wrong == []
        assert {line["verified"] for line in daemon.lines("dual_write_completed")} == {"true"}
        # a second event about each of them writes nothing
        before, mark = versions(db.legacy), daemon.mark()
        look(db, "UPDATE a SET touched = touched + 1")
        daemon.wait_for("dual_write_completed", since=mark, count=count)
        assert versions(db.legacy) == before
        # one by one as well: no type takes another's value for its own
        for n, c in enumerate(columns):
            mark = daemon.mark()
            look(db, f"UPDATE a SET {c} = NULL WHERE id = 0")
            daemon.wait_for("dual_write_completed", since=mark, a_id=0)
            assert texts(db.legacy, "b", columns)["0"][c] is None
        assert failed(db) == {} and daemon.lines("dual_write_failed") == []


@pytest.mark.parametrize("setting", SINGLE)
def test_a_setting_of_the_role_or_the_database_changes_nothing(application, odd_login, setting):
    """Each of these is somebody's way to run a database, and none of the daemon's business."""
    db = application({"entities": [entity({"id": "id", "n": "n", "l": "l", "s": {"expression": "10 / s"}})]},
                     "CREATE TABLE a (id int PRIMARY KEY, n text, l text[], s int)",
                     "CREATE TABLE b (id int PRIMARY KEY, n text, l text[], s int)")
    install(db)
    make_odd(db, {setting: SINGLE[setting]})
    values = [("plain", ["a"]), ("\u00fc \u20ac \u65e5\u672c \U0001f984", ["\U0001f984", None, "NULL", ""]), (None, None), ("back\\slash'", ["\\'"])]
    with Daemon(db, user=odd_login) as daemon:
        for round in range(2):
            for id, (text, list_) in enumerate(values):
                look(db, "INSERT INTO a VALUES (%s, %s, %s, 2) ON CONFLICT (id) DO UPDATE SET n = excluded.n || '!'", [id, text, list_])
            # and one that fails, so that failures can be filed
            look(db, "INSERT INTO a VALUES (%s, 'bad', NULL, 0)", [100 + round])
            line = daemon.wait_for("dual_write_failed", a_id=100 + round)
            assert line["sqlstate"] == "22012", line
            wait_until(lambda: texts(db.legacy, "b", ["n", "l"]) == {
                id: row for id, row in texts(db, "a", ["n", "l"]).items() if int(id) < 100})
            drained(db)
        assert set(failed(db)) == {"100", "101"}
        look(db, "DELETE FROM a WHERE id <= 1")
        wait_until(lambda: set(texts(db.legacy, "b", ["n"])) == {"2", "3"})
        assert len(daemon.lines("dual_write_failed")) == 2


def test_what_looks_equal_and_is_not_is_written(application):
    """0 and -0, 1.5 and 1.50, a text and itself in another case: equal for an operator, different for who reads them."""
    pairs = {"float8": ("0", "'-0'"), "numeric": ("1.5", "1.50"), "citext": ("'abc'", "'ABC'"), "char(3)": ("'a'", "'b'"),
             "interval": ("'1 mon'", "'30 days'"), "json": ("'{\"a\":1}'", "'{\"a\": 1}'"), "inet": ("'10.0.0.1'", "'10.0.0.1/31'"),
             "timetz": ("'12:00+00'", "'13:00+01'"), "float8[]": ("'{0}'", "'{-0}'"), "int4[]": ("'{1}'", "'[0:0]={1}'")}
    if not_there(application, "citext"):
        del pairs["citext"]
    columns = {f"c{n}": type_ for n, type_ in enumerate(pairs)}
    definition = ", ".join(f"{c} {type_}" for c, type_ in columns.items())
    db = application({"entities": [entity({"id": "id", **{c: c for c in columns}})]},
                     f"CREATE TABLE a (id int PRIMARY KEY, {definition})", f"CREATE TABLE b (id int PRIMARY KEY, {definition})",
                     "CREATE EXTENSION IF NOT EXISTS citext" if "citext" in pairs else "SELECT")
    install(db)
    with Daemon(db) as daemon:
        look(db, f"INSERT INTO a VALUES (1, {', '.join(first for first, _ in pairs.values())})")
        daemon.wait_for("dual_write_completed", a_id=1)
        look(db, f"UPDATE a SET {', '.join(f'{c} = {second}' for c, (_, second) in zip(columns, pairs.values()))}")
        daemon.wait_for("dual_write_completed", a_id=1, count=2)
        assert texts(db.legacy, "b", columns) == texts(db, "a", columns)
        # nor where a new row finds one in legacy, which differs in one column, beside one that finds none
        firsts, seconds = zip(*pairs.values())
        rows = [", ".join((str(2 + n), *seconds[:n], firsts[n], *seconds[n + 1:])) for n in range(len(pairs))]
        as_sync_session(db, f"INSERT INTO b VALUES ({'), ('.join(rows)})")
        look(db, f"INSERT INTO a SELECT id, {', '.join(seconds)} FROM generate_series(2, {2 + len(pairs)}) id")
        daemon.wait_for("dual_write_completed", count=3 + len(pairs))
        assert texts(db.legacy, "b", columns) == texts(db, "a", columns)


def not_there(application, extension):
    """Whether the server has no such extension."""
    probe = application({"entities": []})
    return probe.value("SELECT count(*) = 0 FROM pg_available_extensions WHERE name = %s", [extension])


def test_citext(application):
    if not_there(application, "citext"):
        pytest.skip("the server has no extension citext (Debian: part of postgresql-NN)")
    db = application({"entities": [entity({"id": "id", "n": "n", "l": {"expression": "n::text", "unique": "fail"}})]},
                     "CREATE TABLE a (id int PRIMARY KEY, n citext)",
                     "CREATE TABLE b (id int PRIMARY KEY, n citext, l text)", "CREATE EXTENSION citext")
    install(db)
    with Daemon(db) as daemon:
        for value in ("Mixed Case", "MIXED CASE", "\u00dcber"):
            mark = daemon.mark()
            look(db, "INSERT INTO a VALUES (1, %s) ON CONFLICT (id) DO UPDATE SET n = excluded.n", [value])
            daemon.wait_for("dual_write_completed", since=mark)
            assert look(db.legacy, "SELECT n::text, l FROM b") == [(value, value)]


def test_integers_beyond_2_to_the_53_are_not_rounded_by_json(application):
    """As values, in arrays, in documents and out of the mapping's own constants."""
    big = 2**53 + 1
    columns = {"id": "id", "n": "n", "f": {"expression": "n::numeric * 1000 + 1"}, "j": {"expression": "jsonb_build_object('n', n)"},
               "c": {"constant": str(big)}, "v": {"column": "n", "values": {str(big): str(big + 2)}, "otherwise": "0"}}
    db = application({"entities": [entity(columns)]}, "CREATE TABLE a (id int8 PRIMARY KEY, n int8)",
                     "CREATE TABLE b (id int8 PRIMARY KEY, n int8, f numeric, j jsonb, c int8, v int8)")
    install(db)
    with Daemon(db) as daemon:
        look(db, "INSERT INTO a VALUES (%s, %s)", [big, big])
        assert daemon.wait_for("dual_write_completed")["a_id"] == str(big)
        assert look(db.legacy, "SELECT id, n, f::text, j::text, c, v FROM b") == [
            (big, big, f"{big * 1000 + 1}", f'{{"n": {big}}}', big, big + 2)]


def test_a_widening_pair_of_types_needs_no_expression(application):
    """Those that docs/mapping.md promises: nothing is lost, so a plain column may go there."""
    pairs = [("int2", "int8", "7"), ("int4", "float8", "2147483647"), ("int8", "int2", "-5"), ("varchar(5)", "text", "'abc'"),
             ("text", "varchar(5)", "'abcde'"), ("char(3)", "text", "'ab'"), ("int8", "text", "9007199254740993"),
             ("numeric", "text", "1.50"), ("uuid", "text", "'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'"), ("mood", "text", "'sad'"),
             ("bool", "text", "true"), ("jsonb", "text", "'{\"a\": 1}'"), ("numeric(6,2)", "numeric(9,4)", "1234.50"),
             ("timestamptz(3)", "timestamptz", "'2026-01-01 00:00:00.123+00'")]
    columns = {"id": "id", **{f"c{n}": f"c{n}" for n in range(len(pairs))}}
    both = "CREATE TYPE mood AS ENUM ('sad')"
    db = application({"entities": [entity(columns)]},
                     f"CREATE TABLE a (id int PRIMARY KEY, {', '.join(f'c{n} {s}' for n, (s, _, _) in enumerate(pairs))})",
                     f"CREATE TABLE b (id int PRIMARY KEY, {', '.join(f'c{n} {t}' for n, (_, t, _) in enumerate(pairs))})", both)
    install(db)
    with Daemon(db) as daemon:
        look(db, f"INSERT INTO a VALUES (1, {', '.join(v for _, _, v in pairs)})")
        assert daemon.wait_for("dual_write_completed")["verified"] == "true"
        [row] = look(db.legacy, "SELECT * FROM b")
        assert [str(v) for v in row[1:11]] == ["7", "2147483647.0", "-5", "abc", "abcde", row[6], "9007199254740993", "1.50",
                                               "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "sad"]
        assert row[6] == "ab" and row[11] == "true" and row[12] == '{"a": 1}'
        before = versions(db.legacy)
        look(db, "UPDATE a SET c13 = c13 + interval '0', c0 = 8")
        daemon.wait_for("dual_write_completed", count=2)
        assert look(db.legacy, "SELECT c0 FROM b") == [(8,)] and versions(db.legacy) != before


def test_a_narrower_integer_fails_where_the_value_does_not_fit(application):
    db = application({"entities": [entity({"id": "id", "n": "n"})]}, "CREATE TABLE a (id int PRIMARY KEY, n int8)",
                     "CREATE TABLE b (id int PRIMARY KEY, n int2)")
    install(db)
    with Daemon(db) as daemon:
        look(db, "INSERT INTO a VALUES (1, 32767), (2, 32768), (3, -32768)")
        assert daemon.wait_for("dual_write_failed", a_id=2)["sqlstate"].startswith("22")
        wait_until(lambda: look(db.legacy, "SELECT id, n FROM b ORDER BY id") == [(1, 32767), (3, -32768)])


def test_an_expression_of_another_type_is_read_by_the_columns_type(application):
    """As if it had been typed in: a value that the type does not take fails by name, nothing is rounded or cut."""
    columns = {"id": "id", "d": {"expression": "n"}, "i": {"expression": "CASE WHEN n LIKE '%.%' THEN n ELSE '7' END"},
               "v": {"expression": "upper(n)"}}
    db = application({"entities": [entity(columns)]}, "CREATE TABLE a (id int PRIMARY KEY, n text)",
                     "CREATE TABLE b (id int PRIMARY KEY, d date, i int4, v varchar(10))")
    install(db)
    with Daemon(db) as daemon:
        look(db, "INSERT INTO a VALUES (1, '2026-02-03'), (2, '2026-02-31'), (3, '1.5'), (4, 'infinity'), (5, '2026-02-03 10:00')")
        for id in (2, 3):
            daemon.wait_for("dual_write_failed", a_id=id)
        drained(db)
        rows = {id: rest for id, *rest in look(db.legacy, "SELECT id, d::text, i, v FROM b")}
        assert rows[1] == ["2026-02-03", 7, "2026-02-03"] and rows[4] == ["infinity", 7, "INFINITY"]
        assert 2 not in rows and 3 not in rows and 5 not in rows  # 5: the expression is longer than the varchar
        assert "v" in daemon.wait_for("dual_write_failed", a_id=5)["error"]


# ---- keys --------------------------------------------------------------------------------------------------------------------

KEYS = {
    "int2": ["32767", "-1"], "int4": ["2147483647", "0"], "int8": ["9007199254740993", "-9223372036854775808"],
    "uuid": ["a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "00000000-0000-0000-0000-000000000000"],
    "text": [*HOSTILE.values(), "", " ", "NULL", "null", "{}", "1,2", "a\U0001f984" * 200],
    "varchar(40)": ["plain", "with 'quotes\", \\ and {braces},", "\u00fc" * 40],
}


@pytest.mark.parametrize("type_", KEYS)
def test_a_key_of_any_type_without_a_map(application, type_):
    db = application({"entities": [entity({"id": "id", "n": "n"})]}, f"CREATE TABLE a (id {type_} PRIMARY KEY, n text)",
                     f"CREATE TABLE b (id {type_} PRIMARY KEY, n text)")
    install(db)
    keys = KEYS[type_]
    with Daemon(db) as daemon:
        for key in keys:
            look(db, "INSERT INTO a VALUES (%s, 'one')", [key])
        daemon.wait_for("dual_write_completed", count=len(keys))
        assert sorted(look(db.legacy, "SELECT id::text, n FROM b")) == sorted((key, "one") for key in keys)
        assert {line["a_id"] for line in daemon.lines("dual_write_completed")} == set(keys)
        before = versions(db.legacy)
        look(db, "UPDATE a SET n = 'one '")
        look(db, "UPDATE a SET n = 'one'")
        drained(db)
        wait_until(lambda: {n for (n,) in look(db.legacy, "SELECT n FROM b")} == {"one"})
        assert len(versions(db.legacy)) == len(before)
        look(db, "DELETE FROM a WHERE id = %s", [keys[0]])
        wait_until(lambda: sorted(look(db.legacy, "SELECT id::text FROM b")) == sorted((key,) for key in keys[1:]))
        assert failed(db) == {}


TARGETS = {
    "int2": "int2 GENERATED BY DEFAULT AS IDENTITY", "int4": "serial", "int8": "int8 GENERATED ALWAYS AS IDENTITY",
    "uuid": "uuid DEFAULT gen_random_uuid()", "text": "text DEFAULT gen_random_uuid()::text",
    "varchar": "varchar(40) DEFAULT 'L-' || nextval('public.letters')",
}


@pytest.mark.parametrize("source, target", [("int2", "text"), ("int4", "uuid"), ("int8", "int2"), ("uuid", "int4"), ("uuid", "uuid"),
                                            ("text", "int8"), ("text", "varchar"), ("varchar(40)", "int4"), ("int8", "int8")])
def test_a_key_of_any_type_with_a_map(application, source, target):
    """Each side has keys of its own; a child follows its parent's."""
    type_ = TARGETS[target].split()[0].replace("serial", "int4")
    mapping = {"entities": [
        entity({"n": "n"}, removal={"set": {"n": {"constant": "gone"}}}, log={"id": "a_id", "target_id": "b_id"},
               map={"table": "m", "source_key": "a_id", "target_key": "b_id", "verified": "ok"}),
        {"name": "child", "source": {"table": "ac", "key": ["id"]}, "target": {"table": "bc", "key": ["b_id", "name"]},
         "parent": {"entity": "a", "column": "a_id", "target_column": "b_id"}, "columns": {"name": "name"}, "removal": "delete",
         "log": {"id": "c_id"}, "operations": {"insert": "c_i", "update": "c_u", "remove": "c_r"}}]}
    db = application(
        mapping,
        f"""CREATE TABLE a (id {source} PRIMARY KEY, n text); CREATE TABLE ac (id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
            a_id {source} NOT NULL, name text NOT NULL); CREATE TABLE m (a_id {source} PRIMARY KEY, b_id {type_} UNIQUE NOT NULL,
            ok bool NOT NULL DEFAULT false)""",
        f"""CREATE SEQUENCE letters; CREATE TABLE b (id {TARGETS[target]} PRIMARY KEY, n text);
            CREATE TABLE bc (b_id {type_} REFERENCES b DEFERRABLE INITIALLY DEFERRED, name text, PRIMARY KEY (b_id, name))""")
    install(db)
    keys = KEYS[source]
    with Daemon(db) as daemon:
        for key in keys:
            look(db, "INSERT INTO a VALUES (%s, 'one')", [key])
            look(db, "INSERT INTO ac (a_id, name) VALUES (%s, 'child')", [key])
        daemon.wait_for("dual_write_completed", count=2 * len(keys))

        def shadows():
            there = dict(look(db.legacy, "SELECT id::text, n FROM b"))
            return {key: there.get(id) for key, id in look(db, "SELECT a_id::text, b_id::text FROM m WHERE ok")}

        assert shadows() == {key: "one" for key in keys}
        assert look(db.legacy, "SELECT count(*)::int FROM bc JOIN b ON b.id = bc.b_id") == [(len(keys),)]
        mapped = dict(look(db, "SELECT a_id::text, b_id::text FROM m"))
        assert {line["b_id"] for line in daemon.lines("dual_write_completed")} == set(mapped.values())
        look(db, "UPDATE a SET n = 'two'")
        wait_until(lambda: shadows() == {key: "two" for key in keys})
        look(db, "DELETE FROM ac")
        look(db, "DELETE FROM a WHERE id = %s", [keys[0]])
        wait_until(lambda: look(db.legacy, "SELECT count(*)::int FROM bc") == [(0,)])
        wait_until(lambda: look(db.legacy, "SELECT n FROM b WHERE id::text = %s", [mapped[keys[0]]]) == [("gone",)])
        assert dict(look(db, "SELECT a_id::text, b_id::text FROM m")) == mapped  # the map keeps what is gone
        assert look(db.legacy, "SELECT count(*)::int FROM b") == [(len(keys),)]
        assert failed(db) == {}


def test_a_key_of_several_columns_of_different_types(application):
    key = ["i", "u", "t"]
    mapping = {"entities": [{**entity({"i": "i", "u": "u", "t": "t", "n": "n"}), "source": {"table": "a", "key": key},
                             "target": {"table": "b", "key": ["t", "i", "u"]}}]}
    table = "(i int8, u uuid, t varchar(30), n int, PRIMARY KEY (i, u, t))"
    db = application(mapping, f"CREATE TABLE a {table}", f"CREATE TABLE b {table}")
    install(db)
    with Daemon(db) as daemon:
        rows = [(i, f"a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a1{i % 2}", t, 1) for i in (1, 2**53 + 1) for t in ("a,b", '{"x"}', "")]
        for row in rows:
            look(db, "INSERT INTO a VALUES (%s, %s, %s, %s)", row)
        daemon.wait_for("dual_write_completed", count=len(rows))
        look(db, "UPDATE a SET n = 2 WHERE t = 'a,b'")
        look(db, "DELETE FROM a WHERE t = ''")
        drained(db)
        wait_until(lambda: sorted(look(db.legacy, "SELECT * FROM b")) == sorted(look(db, "SELECT * FROM a")))
        look(db, "UPDATE a SET t = 'moved' WHERE t = 'a,b'")  # the key changes: a removal and an insertion
        wait_until(lambda: sorted(look(db.legacy, "SELECT * FROM b")) == sorted(look(db, "SELECT * FROM a")))


# ---- names -------------------------------------------------------------------------------------------------------------------

# columns called like keywords, like what our statements may call theirs, and as nobody should
NAMES = ["order", "user", "select", "w", "t", "s", "n", "m", "e", "b", "r", "k", "v", "x", "c", "n0", "i0", "k0", "p0", "key", "value",
         "values", "present", "found", "latest", "removal", "source", "write", "create", "remove", "extra", "parent", "parent_key",
         "verified", "Mixed Case", "MixedCase", 'dou"ble', '""', "per%cent", "%s", "$1", "a.b", "back\\slash", "apo'strophe", "com,ma",
         "{brace}", ":{name}", "\u00fcmlaut", "\u65e5\u672c", "\U0001f984", "new\nline", " blanks ", "ctid_", "xmin_", "x" * 63, "-- comment",
         "/* */", "old", "new", "excluded", "row", "dualwrite", "json", "a b c"]


def quoted(name):
    return '"' + name.replace('"', '""') + '"'


def escaped(name):
    """For a statement with placeholders."""
    return name.replace("%", "%%")


def odd_names(columns):
    """The same names on both sides, in schemas and tables with names as odd."""
    schema, table, legacy_table, map_table = 'Sch"ema %s', 'ta"ble $1', "Ta'ble %", "m a\"p"
    key, map_key, target_key = "the \"id\"", 'so"urce', "ta%rget"
    mapping = {"entities": [{
        "name": "a", "source": {"schema": schema, "table": table, "key": [key]},
        "target": {"schema": "\u00dcmlaut", "table": legacy_table, "key": ["order"]},
        "map": {"schema": schema, "table": map_table, "source_key": map_key, "target_key": target_key, "verified": "user",
                "columns": {"n": {"target_column": "e"}, "per%": {"now": True}}},
        "columns": {**{c: c for c in columns if c != "order"},
                    "expression": {"expression": f'{quoted("order")} || {quoted("per%cent")} || {quoted("w")}'}},
        "present": {"column": "s", "in": ["s1", "s2"]}, "removal": {"set": {"t": {"constant": "gone %s \" '"}}},
        "log": {"id": "a_id"}, "operations": {"insert": "a_i", "update": "a_u", "remove": "a_r"}}]}
    own = ", ".join(f"{quoted(c)} text" for c in columns)
    others = ", ".join(f"{quoted(c)} text" for c in columns if c != "order")
    vnext = f"""CREATE SCHEMA {quoted(schema)};
        CREATE TABLE {quoted(schema)}.{quoted(table)} ({quoted(key)} int8 PRIMARY KEY, {own});
        CREATE TABLE {quoted(schema)}.{quoted(map_table)} ({quoted(map_key)} int8 PRIMARY KEY, {quoted(target_key)} int8 UNIQUE NOT NULL,
            "user" bool NOT NULL DEFAULT false, n text, "per%" timestamptz NOT NULL)"""
    legacy = f"""CREATE SCHEMA "\u00dcmlaut"; CREATE TABLE "\u00dcmlaut".{quoted(legacy_table)} (
        "order" int8 GENERATED ALWAYS AS IDENTITY PRIMARY KEY, expression text, {others})"""
    return mapping, vnext, legacy, f"{quoted(schema)}.{quoted(table)}", f'"\u00dcmlaut".{quoted(legacy_table)}'


def test_names_of_every_kind(application):
    names = NAMES
    mapping, vnext, legacy, source, target = odd_names(names)
    db = application(mapping, vnext, legacy)
    install(db, "--guard=on")
    with Daemon(db) as daemon:
        values = {name: f"{name[:20]}1" for name in names}
        look(db, f"INSERT INTO {escaped(source)} VALUES (7, {', '.join(['%s'] * len(names))})", list(values.values()))
        assert daemon.wait_for("dual_write_completed", operation="a_i", a_id=7)["verified"] == "true"
        others = [name for name in names if name != "order"]

        def legacy_row():
            select = f"SELECT expression, {', '.join(map(quoted, others))} FROM {target}"
            [(expression, *row)] = look(db.legacy, select)
            return expression, dict(zip(others, row))

        assert legacy_row() == (values["order"] + values["per%cent"] + values["w"], {name: values[name] for name in others})
        # each column by itself raises an event and arrives
        for name in names:
            mark = daemon.mark()
            values[name] = f"{name[:20]}2"
            look(db, f"UPDATE {escaped(source)} SET {escaped(quoted(name))} = %s", [values[name]])
            daemon.wait_for("dual_write_completed", since=mark, operation="a_u")
        assert legacy_row() == (values["order"] + values["per%cent"] + values["w"], {name: values[name] for name in others})
        look(db, f"UPDATE {source} SET {quoted('s')} = 'away'")
        daemon.wait_for("dual_write_completed", operation="a_r", a_id=7)
        assert legacy_row()[1]["t"] == "gone %s \" '"
        # and the guard stands on such a table
        with pytest.raises(psycopg.Error) as refused:
            look(db.legacy, f"DELETE FROM {target}")
        assert refused.value.sqlstate == "DW003"
        assert failed(db) == {}


# ---- generated and identity columns --------------------------------------------------------------------------------------------


def test_generated_and_identity_columns_on_both_sides(application):
    mapping = {"entities": [
        entity({"id": "id", "doubled": "doubled", "n": "n", "no": "no"}),
        {**entity({"n": "n"}), "name": "second", "source": {"table": "a2", "key": ["id"]}, "target": {"table": "b2", "key": ["id"]},
         "map": {"table": "m2", "source_key": "a", "target_key": "b"}, "log": {"id": "second_id"},
         "operations": {"insert": "s_i", "update": "s_u", "remove": "s_r"}}]}
    db = application(
        mapping,
        """CREATE TABLE a (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, n int, doubled int GENERATED ALWAYS AS (n * 2) STORED,
                           no int GENERATED BY DEFAULT AS IDENTITY);
           CREATE TABLE a2 (id int GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, n int); CREATE TABLE m2 (a int PRIMARY KEY, b int UNIQUE)
        """,
        # the key of b is ALWAYS and comes from vNext; its own columns are left to themselves
        """CREATE TABLE b (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, doubled int, n int, no int GENERATED BY DEFAULT AS IDENTITY,
                           own int GENERATED ALWAYS AS (n * 3) STORED, serial int GENERATED BY DEFAULT AS IDENTITY (START 100));
           CREATE TABLE b2 (id int GENERATED ALWAYS AS IDENTITY (START 500) PRIMARY KEY, n int,
                            own int GENERATED ALWAYS AS (n + 1) STORED NOT NULL)""")
    install(db)
    with Daemon(db) as daemon:
        look(db, "INSERT INTO a (n) VALUES (1), (2)")
        look(db, "INSERT INTO a2 (n) VALUES (1), (2)")
        daemon.wait_for("dual_write_completed", count=4)
        assert look(db.legacy, "SELECT id, n, doubled, no, own, serial FROM b ORDER BY id") == [(1, 1, 2, 1, 3, 100), (2, 2, 4, 2, 6, 101)]
        assert look(db.legacy, "SELECT id, n, own FROM b2 ORDER BY id") == [(500, 1, 2), (501, 2, 3)]
        look(db, "UPDATE a SET n = 10 WHERE id = 1")  # the generated column has changed with it
        look(db, "UPDATE a2 SET n = 10 WHERE id = 1")
        daemon.wait_for("dual_write_completed", count=6)
        assert look(db.legacy, "SELECT id, n, doubled, no, own, serial FROM b ORDER BY id") == [(1, 10, 20, 1, 30, 100), (2, 2, 4, 2, 6, 101)]
        assert look(db.legacy, "SELECT id, n, own FROM b2 ORDER BY id") == [(500, 10, 11), (501, 2, 3)]
        assert failed(db) == {}


def test_a_column_that_legacy_generates_is_refused_as_a_target(application):
    db = application({"entities": [entity({"id": "id", "n": "n", "own": "n"})]}, "CREATE TABLE a (id int PRIMARY KEY, n int)",
                     "CREATE TABLE b (id int PRIMARY KEY, n int, own int GENERATED ALWAYS AS (n * 3) STORED)")
    assert "own" in install(db, check=78).stderr


@pytest.mark.layouts("one", reason="with two the batch is claimed again, and draws the keys that follow")
def test_a_key_that_is_taken_is_said_beside_a_map_column_that_takes_no_null(application):
    """The refused row gets no map row, and so no value for a domain that is NOT NULL."""
    mapping = {"entities": [entity({"n": "n"}, removal="keep", log={"id": "a_id", "target_id": "b_id"},
                                   map={"table": "m", "source_key": "a_id", "target_key": "b_id", "columns": {"word": "n"}})]}
    db = application(mapping, "CREATE TABLE a (id int PRIMARY KEY, n text); CREATE TABLE m (a_id int PRIMARY KEY, b_id int UNIQUE NOT NULL, word given)",
                     "CREATE TABLE b (id serial PRIMARY KEY, n text); INSERT INTO b VALUES (1, 'by hand')",
                     "CREATE DOMAIN given AS text NOT NULL")
    install(db)
    look(db, "INSERT INTO a VALUES (1, 'one'), (2, 'two')")
    with Daemon(db) as daemon:
        daemon.wait_for("dual_write_completed", a_id=2)
        assert "its sequence is behind" in daemon.wait_for("dual_write_failed", a_id=1)["error"]


def test_a_removal_needs_no_value_with_a_suffix(application):
    db = application({"entities": [entity({"id": "id", "n": {"column": "n", "unique": "suffix"}})]}, "CREATE TABLE a (id int PRIMARY KEY, n text)",
                     "CREATE TABLE b (id int PRIMARY KEY, n given UNIQUE)", "CREATE DOMAIN given AS varchar(20) NOT NULL")
    install(db)
    look(db, "INSERT INTO a VALUES (1, 'one'), (2, 'one'), (3, 'two')")
    with Daemon(db) as daemon:
        daemon.wait_for("dual_write_completed", count=3)
        assert look(db.legacy, "SELECT id, n::text FROM b ORDER BY id") == [(1, "one"), (2, "one-2"), (3, "two")]
        look(db, "DELETE FROM a WHERE id > 1")
        daemon.wait_for("dual_write_completed", count=5)
        assert look(db.legacy, "SELECT id, n::text FROM b") == [(1, "one")] and failed(db) == {}


def test_a_row_deleted_beside_us_comes_back_before_one_that_refers_to_it_without_a_parent(application):
    """The map has noted it as read back, so it is not made at first; only legacy knows of the foreign key."""
    second = {**entity({"id": "id", "ref": "ref"}), "name": "z", "source": {"table": "z", "key": ["id"]}, "target": {"table": "y", "key": ["id"]},
              "log": {"id": "z_id"}, "operations": {"insert": "z_i", "update": "z_u", "remove": "z_r"}}
    m = {"entities": [entity({"n": "n"}, removal={"set": {"n": {"constant": "gone"}}}, log={"id": "a_id", "target_id": "b_id"},
               map={"table": "m", "source_key": "a_id", "target_key": "b_id", "verified": "ok"}), second]}
    db = application(m, "CREATE TABLE a (id int PRIMARY KEY, n text); CREATE TABLE z (id int PRIMARY KEY, ref int); CREATE TABLE m (a_id int PRIMARY KEY, b_id int4 UNIQUE NOT NULL, ok bool NOT NULL DEFAULT false)",
                     "CREATE TABLE b (id serial PRIMARY KEY, n text); CREATE TABLE y (id int PRIMARY KEY, ref int REFERENCES b)")
    install(db)
    look(db, "INSERT INTO a VALUES (1, 'one')")
    with Daemon(db) as daemon:
        daemon.wait_for("dual_write_completed", count=1)
        assert look(db, "SELECT ok FROM m") == [(True,)]
        as_sync_session(db, "DELETE FROM b")
        with db.connect() as c:
            c.execute("UPDATE a SET n = 'two'; INSERT INTO z VALUES (1, 1)"); c.commit()
        daemon.wait_for("dual_write_completed", count=3, timeout=30)
        assert look(db.legacy, "SELECT n FROM b") == [("two",)] and look(db.legacy, "SELECT * FROM y") == [(1, 1)]
        assert not daemon.lines("dual_write_failed")
