"""`constraints`: a pack's constraints and functions put in without blocking writers, rows that fail named, taken away by name;
whatever interrupts it, the next run goes on."""

import json
import signal
import subprocess
import threading
import time
from pathlib import Path

import pytest

from conftest import _remove_dir, _temp_dir, binary, clean_environment, config_for, dualwrited, wait_until, write_env_file
from helpers import cli

pytestmark = pytest.mark.layouts("one")

CHARACTERS = ["xp_in_range", "status_known", "attributes_in_range", "abilities_in_range", "willpower_in_range",
              "temporary_willpower_in_range", "temporary_willpower_below_permanent", "age_in_range", "apparent_age_in_range",
              "one_storyteller"]
FUNCTIONS = ["xp_trait_bounds", "spend_xp", "approve_xp_spend", "deny_xp_spend", "award_scene_xp", "guard_character_status",
             "character_status"]
# of samples/characters.sql
FAILING = {"xp_in_range": 3, "status_known": 2, "attributes_in_range": 3, "abilities_in_range": 2, "willpower_in_range": 2,
           "temporary_willpower_in_range": 2, "temporary_willpower_below_permanent": 2, "age_in_range": 2,
           "apparent_age_in_range": 1, "one_storyteller": 2}

SMALL = """
ALTER TABLE hero ADD CONSTRAINT "XP in range" CHECK (xp >= 0 -- not ) owed
    AND name <> ');');
ALTER TABLE hero ADD CONSTRAINT one_name UNIQUE ("Name of hero", name);
"""
TABLE = """CREATE TABLE hero ("Name of hero" text, name text, xp integer, PRIMARY KEY ("Name of hero", xp));
GRANT SELECT ON hero TO daemon_login;
INSERT INTO hero SELECT 'h' || n % 50, 'n' || n, n FROM generate_series(1, 200) n"""

# what the last step of an index waits for; it locks no table
AN_OLDER_SNAPSHOT = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ; SELECT 1"


@pytest.fixture
def game(installed):
    with installed.connect() as conn:
        conn.execute((Path(__file__).parent / "samples" / "characters.sql").read_text())
        conn.commit()
    return installed


@pytest.fixture
def heroes(installed):
    for statement in TABLE.split(";\n"):
        installed.execute(statement)
    return installed


@pytest.fixture
def pack():
    """pack(constraints, functions) writes a pack and gives its folder."""
    made = []

    def write(constraints=SMALL, functions=None):
        folder = _temp_dir()
        made.append(folder)
        check = {"name": "c", "title": "t", "severity": "error", "find": "c.sql"}
        (folder / "rules.json").write_text(json.dumps({"name": "heroes", "title": "heroes", "checks": [check]}))
        (folder / "c.sql").write_text("SELECT 1 AS key WHERE false")
        (folder / "constraints.sql").write_text(constraints)
        if functions is not None:
            (folder / "functions.sql").write_text(functions)
        return folder

    yield write
    for folder in made:
        _remove_dir(folder)


def constraints(db, word, *args, code=0, pack="characters", user="postgres"):
    directory = _temp_dir()
    try:
        write_env_file(directory / "e", config_for(db, user))
        return dualwrited("constraints", word, "--config", directory / "e", f"--pack={pack}", *args, check=code)
    finally:
        _remove_dir(directory)


def parts(db, word, *args, code=0, **how):
    return {p["name"]: p for p in json.loads(constraints(db, word, "--json", *args, code=code, **how).stdout)["parts"]}


def states(db, **how):
    return {name: p["state"] for name, p in parts(db, "status", **how).items()}


def objects(db):
    return db.execute("""SELECT conname, pg_get_constraintdef(oid), convalidated FROM pg_constraint
                         WHERE conrelid::regclass::text ~ '^(characters|game|hero)' AND contype IN ('c', 'u')
                         UNION ALL SELECT proname, pg_get_functiondef(oid), true FROM pg_proc
                         WHERE pronamespace = 'public'::regnamespace AND obj_description(oid) ~ 'dualwrited'
                         UNION ALL SELECT tgname, pg_get_triggerdef(oid), true FROM pg_trigger
                         WHERE obj_description(oid) ~ 'dualwrited'
                         UNION ALL SELECT relname, '', indisvalid FROM pg_class JOIN pg_index ON indexrelid = oid
                         WHERE indrelid::regclass::text ~ '^(characters|game|hero)' ORDER BY 1, 2""")


def test_the_whole_way(game):
    db, before = game, objects(game)
    assert {n: p.get("failing") for n, p in parts(db, "status", code=1).items() if "failing" in p} == FAILING
    assert {n: p["failing"] for n, p in parts(db, "install", "--dry-run", code=1).items() if "failing" in p} == FAILING
    assert objects(db) == before
    done = parts(db, "install", code=1)
    assert list(done) == CHARACTERS + FUNCTIONS
    assert {n for n, p in done.items() if p["state"] == "in_force"} == set(FUNCTIONS)
    assert {n: p["failing"] for n, p in done.items() if "failing" in p} == FAILING  # named, and not added
    assert done["xp_in_range"]["samples"] == ["104", "105", "106"] and done["one_storyteller"]["samples"] == ["3", "5"]
    cli(db, "validate", "--pack=characters", "--fix", check=1)
    done = parts(db, "install")
    assert {p["state"] for p in done.values()} == {"in_force"}
    assert {p.get("done") for n, p in done.items() if n in CHARACTERS} == {"added and validated", "added"}
    for bad in ("xp = 10000", "status = 'x'", "strength = 0", "science = 11", "willpower = 11", "temporary_willpower = 6",
                "age = 501", "apparent_age = -1"):
        with pytest.raises(Exception, match="_in_range|_known|_below_permanent|cannot become"):
            db.execute(f"UPDATE characters_character SET {bad} WHERE id = 1")
    installed = objects(db)
    assert "✓ 17 of 17 in force" in constraints(db, "install").stdout and objects(db) == installed
    # the partial rollback: by name, then all, and the functions stay
    assert parts(db, "remove", "age_in_range")["age_in_range"]["done"] == "removed"
    assert parts(db, "remove", "--dry-run")["xp_in_range"]["done"] == "removed"
    assert {n for n, s in states(db, code=1).items() if s != "in_force"} == {"age_in_range"}
    assert list(parts(db, "remove")) == CHARACTERS
    assert {n for n, s in states(db, code=1).items() if s == "in_force"} == set(FUNCTIONS)
    constraints(db, "remove", "--functions")
    constraints(db, "remove", "--functions")
    assert objects(db) == before


def test_for_new_rows_first(game):
    db = game
    done = parts(db, "install", "--not-valid", code=1)
    assert {done[n]["state"] for n in CHARACTERS} == {"not_validated", "absent"} and done["xp_in_range"]["done"] == "added"
    said = constraints(db, "install", "xp_in_range", code=1).stdout
    assert "✗ xp_in_range (check on characters_character): kept for new and changed rows" in said
    assert "; 3 rows fail: 104, 105, 106" in said and "validate --fix" in said
    with pytest.raises(Exception, match="xp_in_range"):
        db.execute("UPDATE characters_character SET xp = -1 WHERE id = 1")
    # a row that breaks two of them cannot be mended step by step any more: said, and nothing changed
    said = cli(db, "validate", "--pack=characters", "--fix", check=70).stderr
    assert "nothing was changed" in said and "take it away (`dualwrited constraints remove`)" in said
    constraints(db, "remove", "temporary_willpower_below_permanent", "temporary_willpower_in_range")
    cli(db, "validate", "--pack=characters", "--fix", check=1)
    done = parts(db, "install")
    assert {p["state"] for p in done.values()} == {"in_force"}
    assert done["xp_in_range"]["done"] == "validated" and done["one_storyteller"]["done"] == "added"


def test_names_and_expressions_as_they_come(heroes, pack):
    folder = pack()
    assert set(states(heroes, pack=folder, code=1).values()) == {"absent"}
    done = parts(heroes, "install", pack=folder)
    assert {p["done"] for p in done.values()} == {"added and validated", "added"}
    with pytest.raises(Exception, match="XP in range"):
        heroes.execute("INSERT INTO hero VALUES ('a', 'b', -1)")
    with pytest.raises(Exception, match="one_name"):
        heroes.execute("INSERT INTO hero SELECT \"Name of hero\", name, xp + 1000 FROM hero")
    said = constraints(heroes, "remove", "XP in rage", pack=folder, code=64).stderr
    assert '"XP in range" is the nearest' in said
    constraints(heroes, "remove", "XP in range", pack=folder)
    assert states(heroes, pack=folder, code=1) == {"XP in range": "absent", "one_name": "in_force"}
    heroes.execute("INSERT INTO hero VALUES ('a', 'b', -1), ('a', 'c', -2)")
    assert parts(heroes, "install", "XP in range", pack=folder, code=1)["XP in range"]["samples"] == ["a,-1", "a,-2"]


def test_a_pack_that_was_changed(heroes, pack):
    body = "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RETURN {}; END$$;\n" \
           "CREATE TRIGGER g AFTER INSERT ON hero FOR EACH ROW EXECUTE FUNCTION f();"
    parts(heroes, "install", pack=pack(SMALL, body.format("NULL")))
    changed = pack(SMALL.replace("xp >= 0", "xp >= 1").replace(', name)', ')').replace('"Name of hero"', "xp"), body.format("NEW"))
    assert states(heroes, pack=changed, code=1) == {"XP in range": "changed", "one_name": "changed", "f": "changed", "g": "in_force"}
    done = parts(heroes, "install", pack=changed)
    # the trigger stays as it is, and nobody waits for its table
    assert [p.get("done") for p in done.values()] == ["replaced and validated", "replaced", "replaced", None]
    assert "xp >= 1" in str(objects(heroes)) and "UNIQUE (xp)" in str(objects(heroes)) and "RETURN NEW" in str(objects(heroes))
    heroes.execute("ALTER TABLE hero DISABLE TRIGGER g")
    assert states(heroes, pack=changed, code=1)["g"] == "switched_off"
    parts(heroes, "install", pack=changed)
    assert set(states(heroes, pack=changed).values()) == {"in_force"}


def test_rights_outlast_a_change(heroes, pack):
    """What was granted on a function, and taken from PUBLIC, stays; only one of another shape is another function."""
    body = "-- a function\nCREATE /* no\n*/ function  f(n {0}) RETURNS {0} LANGUAGE sql SECURITY DEFINER AS 'SELECT n + {1}';"
    parts(heroes, "install", pack=pack(SMALL, body.format("integer", 1)))
    heroes.execute("REVOKE ALL ON FUNCTION f FROM PUBLIC; GRANT EXECUTE ON FUNCTION f TO dualwrite_daemon")
    heroes.execute("CREATE VIEW two AS SELECT f(1)")
    rights = heroes.value("SELECT proacl::text FROM pg_proc WHERE proname = 'f'")
    assert parts(heroes, "install", pack=pack(SMALL, body.format("integer", 2)))["f"]["done"] == "replaced"
    assert heroes.value("SELECT proacl::text FROM pg_proc WHERE proname = 'f'") == rights and heroes.value("SELECT * FROM two") == 3
    trigger = "\nCREATE FUNCTION t() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';\n" \
              "CREATE TRIGGER g AFTER INSERT ON hero EXECUTE FUNCTION t();"
    parts(heroes, "install", pack=pack(SMALL, body.format("integer", 2) + trigger))
    other = pack(SMALL, body.format("bigint", 3) + trigger.replace("NULL", "NEW"))
    assert "other objects depend on it" in parts(heroes, "install", pack=other, code=70)["f"]["why"]
    heroes.execute("DROP VIEW two")
    assert {n: p.get("done") for n, p in parts(heroes, "install", pack=other).items() if n in "ftg"} == dict.fromkeys("ftg", "replaced")
    assert heroes.execute("SELECT pg_get_function_arguments(oid), f(1) FROM pg_proc WHERE proname = 'f'") == [("n bigint", 4)]


def test_what_is_not_ours_is_left_alone(heroes, pack):
    heroes.execute('ALTER TABLE hero ADD CONSTRAINT "XP in range" CHECK (xp > -5), ADD CONSTRAINT one_name UNIQUE (xp)')
    heroes.execute("CREATE FUNCTION f(integer) RETURNS integer LANGUAGE sql AS 'SELECT 1'")
    folder = pack(SMALL, "CREATE FUNCTION f() RETURNS integer LANGUAGE sql AS 'SELECT 2';")
    before = objects(heroes)
    done = parts(heroes, "install", pack=folder, code=70)
    assert {p["state"] for p in done.values()} == {"not_ours"} and "rename it" in done["one_name"]["why"]
    constraints(heroes, "remove", "--functions", pack=folder)
    assert objects(heroes) == before and heroes.value("SELECT f(1)") == 1


def test_no_table_no_rights(game, pack):
    done = parts(game, "install", pack=pack(), code=70)
    assert {p["state"] for p in done.values()} == {"no_table"} and "make the table first" in done["one_name"]["why"]
    game.execute("UPDATE characters_character SET age = NULL")
    done = parts(game, "install", "age_in_range", "spend_xp", user="daemon_login", code=70)
    assert "must be owner of table characters_character: run it as the owner" in done["age_in_range"]["why"]
    assert "permission denied for schema public" in done["spend_xp"]["why"]
    assert set(states(game, user="daemon_login", code=1).values()) == {"absent"}


def test_a_table_that_is_locked(heroes, pack):
    folder = pack(SMALL.replace("ADD CONSTRAINT one_name UNIQUE", "ADD CONSTRAINT second CHECK").replace('"Name of hero", name', 'xp < 5000'))
    with heroes.connect() as conn:
        conn.execute("SET application_name = 'a long report'")
        conn.execute("SELECT count(*) FROM hero")
        began, gave_up = time.monotonic(), "canceling statement due to lock timeout"
        before = heroes.cluster.log().count(gave_up)
        done = parts(heroes, "install", "--lock-timeout=3s", pack=folder, code=70)
        said = done["XP in range"]
        # it lets go of the queue between its tries: nobody waits behind it for long
        assert "hero stayed locked by process" in said["why"] and "(a long report, postgres), in a transaction for" in said["why"]
        # and the time is the table's, not that of each part
        assert "hero stayed locked" in done["second"]["why"] and heroes.cluster.log().count(gave_up) - before <= 3
        conn.rollback()
    assert time.monotonic() - began < 20
    constraints(heroes, "install", pack=folder)


def test_writers_are_not_blocked(heroes, pack):
    """While it validates, and while it builds, rows are written. Both are made to wait, for a transaction that is older."""
    folder = pack()
    slow = "CREATE FUNCTION slow(integer) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT pg_catalog.pg_sleep(0.006) IS NOT NULL'"
    heroes.execute(slow)
    (folder / "constraints.sql").write_text(SMALL.replace("xp >= 0", "slow(xp)"))
    ended = []
    thread = threading.Thread(target=lambda: ended.append(constraints(heroes, "install", pack=folder)))
    thread.start()
    running = "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query ~ %s"
    wait_until(lambda: heroes.execute(running, ["^ALTER TABLE.*VALIDATE"]) == [(1,)])
    heroes.execute("SET lock_timeout = '1s'; UPDATE hero SET name = 'written meanwhile' WHERE xp = 7")
    assert heroes.execute(running, ["^ALTER TABLE.*VALIDATE"]) == [(1,)]
    with heroes.connect() as conn:
        conn.execute(AN_OLDER_SNAPSHOT)
        wait_until(lambda: heroes.execute(running, ["^CREATE UNIQUE INDEX"]) == [(1,)])
        heroes.execute("SET lock_timeout = '1s'; UPDATE hero SET name = 'and again' WHERE xp = 8")
        assert "another one is at work" in constraints(heroes, "install", pack=folder, code=70).stderr
        conn.rollback()
    thread.join(30)
    assert ended and set(states(heroes, pack=folder).values()) == {"in_force"}


@pytest.mark.parametrize("whole", [False, True])
def test_killed_half_way(heroes, pack, whole):
    """kill -9 while the index is built, which the server ends on its own (whole) or which somebody ends there too."""
    folder, directory = pack(), _temp_dir()
    write_env_file(directory / "e", config_for(heroes, "postgres"))
    building = "SELECT pid FROM pg_stat_activity WHERE query ~ '^CREATE UNIQUE INDEX' AND state = 'active' AND pid <> pg_backend_pid()"
    with heroes.connect() as conn:
        conn.execute(AN_OLDER_SNAPSHOT)
        child = subprocess.Popen([binary(), "constraints", "install", "--config", directory / "e", "--pack", folder],
                                 env=clean_environment())
        backend = wait_until(lambda: heroes.execute(building))[0]
        child.send_signal(signal.SIGKILL)
        child.wait()
        if not whole:
            heroes.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query ~ '^CREATE UNIQUE INDEX'")
        conn.rollback()
    wait_until(lambda: not heroes.execute("SELECT FROM pg_stat_activity WHERE pid = %s", backend))
    assert heroes.value("SELECT indisvalid FROM pg_index WHERE indexrelid = 'one_name'::regclass") is whole
    assert states(heroes, pack=folder, code=1) == {"XP in range": "in_force", "one_name": "unfinished"}
    assert parts(heroes, "install", pack=folder)["one_name"]["state"] == "in_force"
    _remove_dir(directory)


def test_the_server_goes_away(heroes, pack):
    folder, ended = pack(), []
    with heroes.connect() as conn:
        conn.execute(AN_OLDER_SNAPSHOT)
        thread = threading.Thread(target=lambda: ended.append(constraints(heroes, "install", pack=folder, code=69)))
        thread.start()
        wait_until(lambda: heroes.execute("""SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                                             WHERE query ~ '^CREATE UNIQUE INDEX' AND state = 'active'"""))
        thread.join(20)
        conn.rollback()
    assert ended and "look whether the server runs, and run the same command again" in ended[0].stderr
    constraints(heroes, "install", pack=folder)


def test_a_pack_without_any(installed):
    assert "teams: brings no constraints and no functions" in constraints(installed, "status", pack="teams").stdout


def test_faults_of_the_files_and_lint(heroes, pack):
    bad = """ALTER TABLE hero ADD CONSTRAINT a CHECK (xp > 0);
DROP TABLE hero;
ALTER TABLE hero ADD CONSTRAINT a CHECK (xp > 0) NOT VALID;
ALTER TABLE hero ADD CONSTRAINT a UNIQUE (xp);
"""
    said = constraints(heroes, "install", pack=pack(bad, "CREATE OR REPLACE FUNCTION f() RETURNS int AS 'x';"), code=65).stderr
    for fault in ("constraints.sql:2: \"DROP\" is not expected here", "constraints.sql:3: NOT VALID is added by",
                  "constraints.sql:4: \"a\" is there already, in line 1", "functions.sql:1: OR REPLACE"):
        assert fault in said, said
    assert heroes.value("SELECT count(*) FROM hero") == 200
    before = objects(heroes)
    folder = pack(SMALL, "CREATE FUNCTION f() RETURNS integer LANGUAGE sql AS 'SELECT 1';\n"
                         "CREATE TRIGGER t AFTER INSERT ON hero EXECUTE FUNCTION f();")
    assert "5 statements are good, 0 faults" in cli(heroes, "validate", f"--lint={folder}", user="daemon_login").stdout
    folder = pack(SMALL.replace("xp", "xpp").replace(", name", ", nam"), "CREATE FUNCTION f() RETURNS integer LANGUAGE sql AS 'SELEKT';\n"
                  "CREATE TRIGGER t AFTER INSERT ON heroo EXECUTE FUNCTION f();")
    said = cli(heroes, "validate", f"--lint={folder}", user="daemon_login", check=65).stderr
    for fault in ("constraints.sql:2: XP in range: ", "constraints.sql:4: one_name: ", "functions.sql:1: f: ", "functions.sql:2: t: "):
        assert fault in said, said
    assert objects(heroes) == before
