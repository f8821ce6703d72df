"""Rule packs of one's own: bad ones are named with all that is wrong, checks cannot write, mends touch only what was found,
happen wholly or not at all, and are put back byte for byte."""

import json
import subprocess
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from conftest import _remove_dir, _temp_dir, binary, clean_environment, config_for, wait_until, write_env_file
from helpers import HOSTILE, cli

pytestmark = pytest.mark.layouts("one")

TABLE = """
CREATE TYPE mood AS ENUM ('sad', 'glad'); CREATE TYPE spot AS (x integer, y text);
CREATE DOMAIN small AS integer CHECK (value < 100);
CREATE TABLE hero (
    t text, mood mood DEFAULT 'glad', moods mood[] DEFAULT '{sad,glad}', small small DEFAULT 7, spot spot DEFAULT '(1,"a,b")',
    home regclass DEFAULT 'organizations_team', gone interval DEFAULT '1 mon -3 days', cash char(5) DEFAULT 'ab',
    bits bit(3) DEFAULT '101',
    "Id" bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text, xp integer, ratio double precision, raw json, tags text[],
    "when" timestamptz, bytes bytea, price numeric(12, 4), twice integer GENERATED ALWAYS AS (xp * 2) STORED, status text);
ALTER TABLE hero DROP COLUMN price; ALTER TABLE hero ADD COLUMN price numeric;
GRANT SELECT ON hero TO daemon_login; GRANT UPDATE ON "hero_Id_seq" TO daemon_login"""

NEGATIVE = {"name": "negative_xp", "title": "no hero owes XP", "severity": "error", "weight": 10, "table": "hero", "key": "Id",
            "find": "negative.sql", "mend": "clamp.sql", "done": "set to 0"}
NAMELESS = {"name": "nameless", "title": "heroes have names", "severity": "critical", "table": "hero", "key": "Id",
            "find": "nameless.sql", "mend": "delete.sql", "done": "deleted"}
SQL = {"negative.sql": 'SELECT h."Id" AS key FROM hero h WHERE h.xp < 0;\n',
       "clamp.sql": 'UPDATE hero SET xp = 0 WHERE "Id" = ANY ($1::bigint[])',
       "nameless.sql": '-- without a name\nSELECT h."Id" AS key FROM hero h WHERE h.name IS NULL',
       "delete.sql": 'DELETE FROM hero WHERE "Id" = ANY ($1::bigint[])'}


@pytest.fixture
def pack():
    """pack(check, ..., **files) writes a pack and gives its folder."""
    made = []

    def write(*checks, files=SQL, **top):
        folder = _temp_dir()
        made.append(folder)
        document = {"name": "heroes", "title": "heroes in order", "checks": checks, **top}
        (folder / "rules.json").write_text(json.dumps(document))
        for name, text in files.items():
            (folder / name).write_text(text)
        return folder

    yield write
    for folder in made:
        _remove_dir(folder)


@pytest.fixture
def heroes(installed):
    for statement in TABLE.split(";"):
        installed.execute(statement)
    with installed.connect() as conn:
        for n, text in enumerate(HOSTILE.values()):
            conn.execute("""INSERT INTO hero (name, xp, ratio, raw, tags, "when", bytes, price, status)
                            VALUES (%s, %s, 0.1::float8 + 0.2, '{"a":  1,"a":2}', %s, '2026-01-02 03:04:05.678901+05',
                                    '\\x00ff', 1.500, %s)""", [text, -n, [text, None], "App" if n % 2 else "Un"])
        conn.execute("INSERT INTO hero (xp, ratio) VALUES (5, 'NaN'), (-5, 'Infinity')")
        conn.commit()
    return installed


def run(db, folder, *args, code=0, user="postgres", command="validate"):
    done = cli(db, command, "--json", f"--pack={folder}", *args, user=user, check=False)
    assert done.returncode == code, done.stdout + done.stderr
    done.mend = json.loads(done.stdout)["mend"] if command == "validate" else None
    done.checks = {c["check"]: c for p in json.loads(done.stdout)["packs"] for c in p["checks"]} if command == "validate" else {}
    return done


def rows(db):
    return db.execute('SELECT h::text FROM hero h ORDER BY h."Id"')


def test_found_mended_and_put_back_byte_for_byte(heroes, pack):
    db, folder = heroes, pack(NEGATIVE, NAMELESS)
    owing = len(HOSTILE) - 1 + 1  # the first one owes nothing, one more has no name
    found = run(db, folder, code=2, user="daemon_login").checks
    assert (found["negative_xp"]["count"], found["nameless"]["count"]) == (owing, 2)
    assert len(found["negative_xp"]["samples"]) == owing
    before = rows(db)
    done = run(db, folder, "--fix")
    assert (done.checks["negative_xp"]["changed"], done.checks["negative_xp"]["left"]) == (owing, 0)
    assert done.checks["nameless"]["changed"] == 2 and done.checks["nameless"]["done"] == "deleted"
    assert done.mend == 1 and run(db, folder).mend is None
    assert f"to mend: negative_xp: {owing} rows: set to 0" in done.stderr and "validate --undo=1` puts the rows back" in done.stderr
    assert db.value("SELECT count(*) FROM hero") == len(HOSTILE) and db.value("SELECT min(xp) FROM hero") == 0
    assert run(db, folder).checks["negative_xp"]["state"] == "clean"
    said = cli(db, "validate", "--undo=1").stdout
    assert f"put back: {owing} rows of public.hero (negative_xp)" in said
    assert rows(db) == before
    assert "was undone at" in cli(db, "validate", "--undo=1", check=70).stderr
    assert rows(db) == before


def test_as_an_editor_of_windows_writes_it(heroes, pack):
    """A byte order mark and its line ends: JSON may have them, and so may SQL."""
    folder = pack(NEGATIVE, files={name: "\ufeff" + text.replace("\n", "\r\n") for name, text in SQL.items()})
    assert run(heroes, folder, "--fix").checks["negative_xp"]["left"] == 0


def test_narrowed(heroes, pack):
    db, folder = heroes, pack(NEGATIVE, {k: v for k, v in NAMELESS.items() if k not in ("table", "key", "mend", "done")})
    app = sum(1 for n in range(1, len(HOSTILE)) if n % 2)
    found = run(db, folder, "--where=status=App", code=1).checks
    assert found["negative_xp"]["count"] == app and found["nameless"]["state"] == "left_out"
    assert run(db, folder, "--where=status=App", "--where=xp=-1", code=1).checks["negative_xp"]["count"] == 1
    run(db, folder, "--where=status=App", "--fix")
    assert db.value("SELECT count(*) FROM hero WHERE xp < 0 AND status = 'App'") == 0
    assert db.value("SELECT count(*) FROM hero WHERE xp < 0") == len(HOSTILE) - app
    assert "none can be narrowed" in run_text(db, folder, "--where=nothing=App", code=64).stderr


def test_a_row_that_was_changed_since_is_not_put_back(heroes, pack):
    db, folder = heroes, pack(NEGATIVE)
    run(db, folder, "--fix")
    db.execute("UPDATE hero SET xp = 77 WHERE \"Id\" = 3")
    before = rows(db)
    assert "rows of public.hero or its columns were changed since: 3" in cli(db, "validate", "--undo=1", check=70).stderr
    assert rows(db) == before
    db.execute("UPDATE hero SET xp = 0 WHERE \"Id\" = 3")
    db.execute("ALTER TABLE hero ADD COLUMN more text")
    assert "or its columns were changed since" in cli(db, "validate", "--undo=1", check=70).stderr


def test_a_mend_touches_only_what_was_found(heroes, pack):
    db = heroes
    folder = pack(NEGATIVE, NAMELESS, files={**SQL, "delete.sql": "DELETE FROM hero WHERE $1::bigint[] IS NOT NULL"})
    before = rows(db)
    done = run_text(db, folder, "--fix", code=70)
    assert "changes 13 rows, of which" in done.stderr and "nothing was changed" in done.stderr
    assert "puts the rows back" not in done.stderr
    assert rows(db) == before and db.value("SELECT count(*) FROM dualwrite.mend") == 0


def run_text(db, folder, *args, code=0, user="postgres"):
    done = cli(db, "validate", f"--pack={folder}", *args, user=user, check=False)
    assert done.returncode == code, done.stdout + done.stderr
    return done


def test_interrupted_half_way_nothing_is_changed(heroes, pack):
    db = heroes
    slow = {**SQL, "delete.sql": "DELETE FROM hero WHERE \"Id\" = ANY ($1::bigint[]) AND pg_catalog.pg_sleep(20) IS NOT NULL"}
    folder = pack(NEGATIVE, NAMELESS, files=slow)
    before = rows(db)
    ended = []
    thread = threading.Thread(target=lambda: ended.append(run_text(db, folder, "--fix", code=69)))
    thread.start()
    wait_until(lambda: db.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'DELETE FROM hero%'"))
    thread.join(20)
    assert ended and "nothing was changed" in ended[0].stderr
    assert rows(db) == before and db.value("SELECT count(*) FROM dualwrite.mended_row") == 0


def test_killed_half_way_nothing_is_changed(heroes, pack):
    """kill -9 in the second mend: the first one's is not there either, and nothing says that there was a mend."""
    db, directory = heroes, _temp_dir()
    slow = {**SQL, "delete.sql": "DELETE FROM hero WHERE \"Id\" = ANY ($1::bigint[]) AND pg_catalog.pg_sleep(20) IS NOT NULL"}
    write_env_file(directory / "e", config_for(db, "postgres"))
    before = rows(db)
    child = subprocess.Popen([binary(), "validate", "--config", directory / "e", f"--pack={pack(NEGATIVE, NAMELESS, files=slow)}",
                              "--fix"], env=clean_environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    mending = wait_until(lambda: db.execute("SELECT pid FROM pg_stat_activity WHERE query LIKE 'DELETE FROM hero%'"))[0]
    child.kill()
    child.wait()
    # a server that sleeps does not notice; one that works would when it answers
    db.execute("SELECT pg_cancel_backend(%s)", mending)
    wait_until(lambda: not db.execute("SELECT 1 FROM pg_stat_activity WHERE pid = %s", mending))
    assert rows(db) == before and db.value("SELECT count(*) FROM dualwrite.mend") == 0
    assert db.value("SELECT count(*) FROM dualwrite.mended_row") == 0
    run(db, pack(NEGATIVE, NAMELESS), "--fix")  # nothing is left locked
    _remove_dir(directory)


def test_mending_takes_rights_and_says_which(heroes, pack):
    done = run_text(heroes, pack(NEGATIVE), "--fix", code=70, user="daemon_login")
    assert "permission denied" in done.stderr and "dualwrite.mended_row" in done.stderr


UNFIT = {  # a mend: (its SQL, what is said, what --lint says)
    "another key": ('UPDATE hero SET price = 0, xp = 0 WHERE price = ANY ($1::numeric[])', "gives 2 rows another price", None),
    "another table": ("WITH x AS (DELETE FROM other) UPDATE hero SET xp = 0 WHERE price = ANY ($1::numeric[])",
                      "one UPDATE or DELETE", "one UPDATE or DELETE"),
    "a function": ("SELECT pg_catalog.array_length($1::numeric[], 1)", "one UPDATE or DELETE", "one UPDATE or DELETE"),
    "more rows": ("INSERT INTO other SELECT 1 WHERE $1::numeric[] IS NULL", "one UPDATE or DELETE", "one UPDATE or DELETE"),
    "no keys": ("UPDATE hero SET xp = 0", "supplies 1 parameters", "a mend takes the keys as $1"),
    "a command": ("COMMIT", 'syntax error at or near "COMMIT"', "syntax error"),
}


def test_a_mend_that_could_not_be_put_back_is_refused(heroes, pack):
    db = heroes
    db.execute("CREATE TABLE other AS SELECT 1 AS id")
    db.execute('UPDATE hero SET price = "Id"')
    check = {**NEGATIVE, "key": "price"}
    files = {**SQL, "negative.sql": "SELECT h.price AS key FROM hero h WHERE h.xp IN (-1, -2)"}
    before = rows(db)
    for name, (mend, said, by_lint) in UNFIT.items():
        folder = pack(check, files={**files, "clamp.sql": mend})
        done = run(db, folder, "--fix", code=70)
        assert said in done.stderr and "nothing was changed" in done.stderr, (name, done.stderr)
        assert done.checks["negative_xp"]["count"] == 2 and "changed" not in done.checks["negative_xp"]
        assert rows(db) == before and db.value("SELECT count(*) FROM dualwrite.mend") == 0
        assert db.value("SELECT count(*) FROM other") == 1
        lint = cli(db, "validate", f"--lint={folder}", check=65 if by_lint else 0).stderr
        assert (by_lint or "") in lint, (name, lint)
    db.execute("UPDATE hero SET price = 7")
    twice = {**files, "clamp.sql": "UPDATE hero SET xp = 0 WHERE price = ANY ($1::numeric[])"}
    done = run(db, pack(check, files=twice), "--fix", code=70)
    assert "has the price 7 more than once" in done.stderr
    db.execute('CREATE TABLE armour AS SELECT h."Id" AS hero FROM hero h WHERE h.name IS NOT NULL')
    db.execute('ALTER TABLE armour ADD FOREIGN KEY (hero) REFERENCES hero ON DELETE CASCADE')
    run(db, pack(NAMELESS), "--fix")  # nobody's armour
    cli(db, "validate", f"--undo={db.value('SELECT max(id) FROM dualwrite.mend')}")
    db.execute('INSERT INTO armour SELECT h."Id" FROM hero h WHERE h.name IS NULL')
    done = run(db, pack(NAMELESS), "--fix", code=70)
    assert "delete.sql changes 2 rows of other tables by their foreign keys" in done.stderr
    db.execute("DROP TABLE armour")
    db.execute("CREATE TABLE late (id integer REFERENCES organizations_team DEFERRABLE INITIALLY DEFERRED)")
    db.execute("CREATE FUNCTION late() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN INSERT INTO late VALUES (4711); RETURN NEW; END'")
    db.execute("CREATE TRIGGER late AFTER UPDATE ON hero FOR EACH ROW EXECUTE FUNCTION late()")
    assert "nothing was changed, because the COMMIT was refused" in run(db, pack(NEGATIVE), "--fix", code=70).stderr
    db.execute("DROP FUNCTION late CASCADE")
    db.execute("CREATE TABLE heir (more text) INHERITS (hero)")
    assert "tables that inherit from it" in run(db, pack(NEGATIVE), "--fix", code=70).stderr


def test_legacy_is_not_mended_by_sql(heroes, pack):
    db = heroes
    before = db.execute("SELECT t::text FROM teams_team t")
    folder = pack({**NEGATIVE, "table": "teams_team", "key": "id"}, files={
        "negative.sql": "SELECT 1 AS key", "clamp.sql": "UPDATE teams_team SET name = 'x' WHERE id = ANY ($1::bigint[])"})
    assert "is a legacy table, which only the sync writes" in run(db, folder, "--fix", code=70).stderr
    assert db.execute("SELECT t::text FROM teams_team t") == before


def test_mends_behind_each_other(heroes, pack):
    """A mend may leave a row alone that one before it has changed, and one that breaks what was mended is not believed."""
    db = heroes
    some = {**SQL, "delete.sql": "UPDATE hero SET name = '' WHERE \"Id\" = ANY ($1::bigint[]) AND xp > 0"}
    done = run(db, pack(NEGATIVE, NAMELESS, files=some), "--fix", code=2).checks
    assert (done["nameless"]["changed"], done["nameless"]["left"]) == (1, 1) and done["negative_xp"]["left"] == 0
    before = rows(db)
    worse = {**SQL, "delete.sql": "UPDATE hero SET name = 'x', xp = -7 WHERE \"Id\" = ANY ($1::bigint[])"}
    done = run(db, pack(NEGATIVE, NAMELESS, files=worse), "--fix", code=1).checks
    assert (done["negative_xp"]["state"], done["negative_xp"]["count"]) == ("found", 1)  # was clean
    assert done["nameless"]["left"] == 0
    cli(db, "validate", "--undo=2")
    assert rows(db) == before


def test_what_somebody_mends_meanwhile_is_let_alone(heroes, pack):
    db, before = heroes, rows(heroes)
    with db.connect() as conn, ThreadPoolExecutor(1) as pool:
        conn.execute("UPDATE hero SET xp = 5 WHERE xp = -3")
        fix = pool.submit(run, db, pack(NEGATIVE), "--fix")
        wait_until(lambda: db.value(
            "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%mended_row%'"))
        conn.commit()
        done = fix.result()
    assert done.checks["negative_xp"]["changed"] == len(HOSTILE) - 1 and done.checks["negative_xp"]["left"] == 0
    assert db.value("SELECT count(*) FROM hero WHERE xp = 5 AND name IS NOT NULL") == 1
    cli(db, "validate", "--undo=1")
    db.execute("UPDATE hero SET xp = -3 WHERE xp = 5 AND name IS NOT NULL")
    assert rows(db) == before


def test_a_mend_of_a_synced_table_is_synced(installed, pack):
    db = installed
    team = db.new_team("bad")
    folder = pack({**NEGATIVE, "table": "organizations_team", "key": "id"}, files={
        "negative.sql": "SELECT t.id AS key FROM organizations_team t WHERE t.name = 'bad'",
        "clamp.sql": "UPDATE organizations_team SET name = 'good' WHERE id = ANY ($1::bigint[])"})
    run(db, folder, "--fix")
    cli(db, "validate", "--undo=1")
    events = db.execute("SELECT operation, ref FROM dualwrite.outbox ORDER BY id")
    assert events[1:] == [("sync_team_settings_updated", [str(team)])] * 2


PARTS = """
CREATE TABLE day (id integer, at date, xp integer, PRIMARY KEY (id, at)) PARTITION BY RANGE (at);
CREATE TABLE january PARTITION OF day FOR VALUES FROM ('2026-01-01') TO ('2026-02-01');
CREATE TABLE february (xp integer, at date NOT NULL, id integer NOT NULL);
ALTER TABLE day ATTACH PARTITION february FOR VALUES FROM ('2026-02-01') TO ('2026-03-01');
INSERT INTO day VALUES (1, '2026-01-05', -1), (2, '2026-02-05', -2), (3, '2026-02-06', 3)"""


def test_partitions(installed, pack):
    db = installed
    for statement in PARTS.split(";"):
        db.execute(statement)
    before = db.execute("SELECT tableoid, d::text FROM day d ORDER BY id")
    for n, mend in enumerate(("UPDATE day SET xp = 0 WHERE id = ANY ($1::integer[])",
                              "DELETE FROM day WHERE id = ANY ($1::integer[])",
                              "UPDATE day SET xp = 0, at = '2026-02-20' WHERE id = ANY ($1::integer[])")):
        done = run(db, pack({**NEGATIVE, "table": "day", "key": "id"}, files={
            "negative.sql": "SELECT d.id AS key FROM day d WHERE d.xp < 0", "clamp.sql": mend}), "--fix")
        assert done.checks["negative_xp"]["changed"] == 2
        cli(db, "validate", f"--undo={n + 1}")
        assert db.execute("SELECT tableoid, d::text FROM day d ORDER BY id") == before


def test_json_of_undo_and_lint(heroes, pack):
    folder = pack(NEGATIVE)
    run(heroes, folder, "--fix")
    assert json.loads(cli(heroes, "validate", "--undo=1", "--json").stdout) == {"mend": 1, "put_back": [
        {"pack": "heroes", "check": "negative_xp", "schema": "public", "table": "hero", "rows": len(HOSTILE)}]}
    assert json.loads(cli(heroes, "validate", f"--lint={folder}", "--json").stdout) == {"good": 2, "faults": []}
    folder = pack(NEGATIVE, files={**SQL, "negative.sql": "SELEKT"})
    said = json.loads(cli(heroes, "validate", f"--lint={folder}", "--json", check=65).stdout)
    assert said["good"] == 1 and said["faults"][0]["where"].endswith("negative.sql")
    assert "syntax error" in said["faults"][0]["fault"]


def test_undo_has_its_time(heroes, pack):
    run(heroes, pack(NEGATIVE), "--fix")
    heroes.execute("CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(20); RETURN NEW; END'")
    heroes.execute("CREATE TRIGGER slow BEFORE UPDATE ON hero EXECUTE FUNCTION slow()")
    before = rows(heroes)
    assert "longer than 0.2 s (--timeout)" in cli(heroes, "validate", "--undo=1", "--timeout=200ms", check=70).stderr
    assert rows(heroes) == before


def test_a_mend_that_changed_nothing_is_none(heroes, pack):
    folder = pack(NEGATIVE, files={**SQL, "negative.sql": "SELECT 4711 AS key"})
    done = run(heroes, folder, "--fix", code=1)
    assert done.checks["negative_xp"]["left"] == 1 and "this was mend" not in done.stderr
    assert heroes.value("SELECT count(*) FROM dualwrite.mend") == 0


def test_what_a_pack_says_does_not_reach_the_terminal_raw(heroes, pack):
    done = run_text(heroes, pack({**NEGATIVE, "done": "red \x1b[31m\nline"}), "--fix")
    assert "\\u{1b}[31m\\nline" in done.stderr and "\x1b" not in done.stdout + done.stderr


def test_triggers_find_their_tables_when_it_is_undone(heroes, pack):
    db = heroes
    db.execute("CREATE TABLE noted (id bigint)")
    db.execute("""CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$
                  BEGIN INSERT INTO noted VALUES (OLD."Id"); RETURN NEW; END $$""")
    db.execute("CREATE TRIGGER note AFTER UPDATE ON hero FOR EACH ROW EXECUTE FUNCTION note()")
    before = rows(db)
    run(db, pack(NEGATIVE), "--fix")
    cli(db, "validate", "--undo=1")
    assert rows(db) == before and db.value("SELECT count(*) FROM noted") == 2 * len(HOSTILE)


BAD = {
    "one that no server refuses": ("SELECT pg_catalog.pg_logical_emit_message(true, 'a', 'b')::text AS key",
                                   "writes, which a check never may"),
    "a large object": ("SELECT pg_catalog.lo_create(4711) AS key", "which a check never may"),
    "it writes": ("WITH x AS (DELETE FROM hero RETURNING 1) SELECT 1 AS key", "must be at the top level"),
    "a function that writes": ("SELECT pg_catalog.setval('public.\"hero_Id_seq\"', 1) AS key", "writes, which a check never may"),
    "two statements": ("SELECT 1 AS key) f); DELETE FROM hero; --", "refuses"),
    "no key": ('SELECT "Id" FROM hero', "key"),
    "no such table": ("SELECT 1 AS key FROM nowhere", "no such thing"),
    "not SQL": ("SELEKT", "syntax error"),
    "never ends": ("SELECT 1 AS key FROM pg_catalog.pg_sleep(3600)", "took longer than 0.3 s (--timeout)"),
    "a secret": ("SELECT rolpassword AS key FROM pg_authid", "GRANT SELECT ON \"pg_authid\" TO \"daemon_login\""),
}


def test_checks_that_cannot_look_are_said_and_not_healthy(heroes, pack):
    db, before = heroes, rows(heroes)
    names = {f"bad_{n}": why for n, (_, why) in enumerate(BAD.values())}
    folder = pack(*({**NEGATIVE, "name": name, "find": f"{name}.sql"} for name in names), {**NAMELESS, "find": "good.sql"},
                  files={**SQL, **{f"bad_{n}.sql": find for n, (find, _) in enumerate(BAD.values())},
                         "good.sql": "SELECT \"Id\" AS key FROM hero WHERE false"})
    checks = run(db, folder, "--timeout=300ms", code=70, user="daemon_login").checks
    text = run_text(db, folder, "--timeout=300ms", code=70, user="daemon_login").stdout
    lint = cli(db, "validate", f"--lint={folder}", "--timeout=300ms", user="daemon_login", check=65).stderr
    for name, why in names.items():
        assert checks[name]["state"] == "skipped" and checks[name]["count"] is None and why in checks[name]["why"], checks[name]
        assert f"⚠ {name}: skipped, because " in text and f"{name}.sql: {name}: " in lint, lint
    assert checks["nameless"]["state"] == "clean" and f"⚠ 0 issues, {len(BAD)} checks skipped" in text
    score = json.loads(cli(db, "monitor", "--json", f"--pack={folder}", "--timeout=300ms", user="daemon_login", check=1).stdout)
    assert (score["health_score"], score["status"]) == (89, "degraded")
    assert rows(db) == before


def test_lint(heroes, pack):
    assert "4 statements are good, 0 faults" in cli(heroes, "validate", f"--lint={pack(NEGATIVE, NAMELESS)}").stdout
    folder = pack(NEGATIVE, files={**SQL, "clamp.sql": "UPDATE hero SET xpp = 0"})
    assert "xpp" in cli(heroes, "validate", f"--lint={folder}", check=65).stderr
    folder = pack(NEGATIVE, files={**SQL, "negative.sql": "SELECT 1 AS key FROM :{sorce}"})
    assert "there is no place :{sorce}" in cli(heroes, "validate", f"--lint={folder}", check=65).stderr
    assert "statements are good, 0 faults" in cli(heroes, "validate", "--lint=teams", user="daemon_login").stdout


def test_all_faults_of_a_pack_at_once(heroes, pack):
    folder = pack({**NEGATIVE, "weight": 101, "severty": "x"}, {**NEGATIVE, "find": "../x.sql", "severity": "eror"}, 7)
    said = run_text(heroes, folder, code=65).stderr
    for fault in ("$.checks[0].weight", 'did you mean "severity"', "$.checks[1].find", 'did you mean "error"', "$.checks[2]"):
        assert fault in said
    assert "cannot be read" in run_text(heroes, pack(NEGATIVE, files={}), code=65).stderr


def test_scores_of_several_packs(heroes, pack):
    folder = pack(NEGATIVE, NAMELESS)
    done = cli(heroes, "monitor", "--json", "--pack=teams", f"--pack={folder}", "--no-compare", check=2)
    said = json.loads(done.stdout)
    assert said["checks"]["heroes"]["health_score"] == 100 - 50 - 10 == said["health_score"] == 40
    assert said["checks"]["data_integrity"]["total_issues"] == len(HOSTILE) + 2
    assert heroes.execute("SELECT pack, score FROM dualwrite.monitor_run ORDER BY pack") == [("heroes", 40), ("teams", 89)]


# ---- checks that join legacy's rows ----

GONE = {"name": "gone", "title": "heroes are in legacy too, with their XP", "severity": "error", "table": "hero", "key": "Id",
        "find": "gone.sql", "legacy": "old.sql", "mend": "mark.sql", "done": "marked"}
GONE_SQL = {"gone.sql": """-- gone
SELECT h."Id" AS key FROM hero h LEFT JOIN :{legacy} l ON l.key = h."Id"::text
WHERE l.value IS DISTINCT FROM h.xp::text AND h.status <> 'gone'""",
            "old.sql": "SELECT o.id AS key, o.xp AS value FROM old_hero o;\n-- to its end",
            "mark.sql": """UPDATE hero SET status = 'gone' WHERE "Id" = ANY ($1::bigint[])"""}


@pytest.fixture
def old_heroes(heroes):
    """Legacy has heroes 1 to 5, the third with other XP."""
    heroes.legacy.execute("CREATE TABLE old_hero (id integer PRIMARY KEY, xp numeric)")
    heroes.legacy.execute("INSERT INTO old_hero SELECT n, 1 - n - (n = 3)::int FROM generate_series(1, 5) n")
    heroes.legacy.execute("GRANT SELECT ON old_hero TO daemon_login")
    return heroes


@pytest.mark.layouts("one", "two")
def test_legacy_rows_are_joined_in_either_layout(old_heroes, pack):
    db, folder = old_heroes, pack(GONE, files=GONE_SQL)
    bad = len(HOSTILE) - 4
    found = run(db, folder, code=1, user="daemon_login").checks["gone"]
    assert found["count"] == bad and found["samples"][:2] == ["3", "6"]
    assert run(db, folder, "--where=status=App", code=1).checks["gone"]["count"] == \
        db.value("SELECT count(*) FROM hero WHERE status = 'App' AND (\"Id\" > 5 OR \"Id\" = 3)")
    assert "2 statements are good, 0 faults" in cli(db, "validate", f"--lint={folder}").stdout
    before = rows(db)
    done = run(db, folder, "--fix").checks["gone"]
    assert (done["changed"], done["left"]) == (bad, 0) and rows(db) != before
    assert run(db, folder).checks["gone"]["state"] == "clean"
    cli(db, "validate", "--undo=1")
    assert rows(db) == before


@pytest.mark.layouts("one", "two")
def test_legacy_rows_that_cannot_be_had(old_heroes, pack):
    db, before = old_heroes, rows(old_heroes)
    db.legacy.execute("CREATE SEQUENCE clicks")
    db.legacy.execute("GRANT USAGE ON SEQUENCE clicks TO daemon_login")
    bad = {"writes": ("SELECT nextval('clicks') AS key, 1 AS value", "writes, which a check never may"),
           "tells": ("SELECT pg_logical_emit_message(true, 'a', 'b')::text AS key, 1 AS value", "which a check never may"),
           "deletes": ("WITH x AS (DELETE FROM old_hero RETURNING id) SELECT id AS key, 1 AS value FROM x", "top level"),
           "no_value": ("SELECT id AS key FROM old_hero", "no such thing"),
           "no_table": ("SELECT 1 AS key, 2 AS value FROM nowhere", "no such thing"),
           "never_ends": ("SELECT 1 AS key, 2 AS value FROM pg_sleep(3600)", "took longer than 0.5 s"),
           "breaks": ("SELECT id AS key, 1 / (5 - id) AS value FROM old_hero", "division by zero"),
           "secret": ("SELECT rolname AS key, rolpassword AS value FROM pg_authid", 'GRANT SELECT ON "pg_authid" TO "daemon_login"')}
    if db.legacy is db:  # WITH is no part of a statement then: the server says so in other words
        del bad["deletes"]
    folder = pack(*({**GONE, "name": name, "legacy": f"{name}.sql"} for name in bad), GONE,
                  files={**GONE_SQL, **{f"{name}.sql": sql for name, (sql, _) in bad.items()}})
    checks = run(db, folder, "--timeout=500ms", code=1, user="daemon_login").checks
    lint = cli(db, "validate", f"--lint={folder}", "--timeout=500ms", user="daemon_login", check=65).stderr
    for name, (_, why) in bad.items():
        assert checks[name]["state"] == "skipped" and why in checks[name]["why"], checks[name]
        assert f": {name}: " in lint
    assert checks["gone"]["state"] == "found" and rows(db) == before
    assert db.value("SELECT count(*) FROM pg_catalog.pg_class WHERE relname = 'dualwrite_legacy'") == 0


@pytest.mark.layouts("two", reason="with one database the check is one statement")
def test_the_check_itself_may_not_write_either(old_heroes, pack):
    db, before = old_heroes, rows(old_heroes)
    finds = {"a": "SELECT pg_catalog.setval('public.\"hero_Id_seq\"', 1) AS key FROM :{legacy}",
             "b": "SELECT pg_catalog.set_config('transaction_read_only', 'off', true) AS key FROM :{legacy}"}
    folder = pack(*({**GONE, "name": name, "find": f"{name}.sql"} for name in finds),
                  files={**GONE_SQL, **{f"{name}.sql": sql for name, sql in finds.items()}})
    checks = run(db, folder, code=70, user="daemon_login").checks
    assert "writes, which a check never may" in checks["a"]["why"] and "before any query" in checks["b"]["why"]
    assert rows(db) == before
