"""`dualwrited mapping init` and `mapping show`, on live schemas. What is proposed for which pair of tables is the business of
tests/unit/test_mapping_init.c; here it is asked of a server."""

import json
import re

import pytest

from conftest import TOP, config_for, dualwrited, install, write_env_file
from helpers import default_mapping, write_mapping

LEGACY_STEPS = ("holders", "draw", "missing", "yield", "update", "insert", "remove", "yielded", "verify")

EXAMPLE = TOP / "config" / "examples" / "subscriptions"
GOLDEN = TOP / "tests" / "unit" / "golden"
SCHEMAS = ["--vnext-schema=crm", "--legacy-schema=shop"]


def example_schema():
    """The two parts of schema.sql: vNext, legacy."""
    vnext, legacy = re.split(r"(?m)^-- legacy -+$", (EXAMPLE / "schema.sql").read_text())
    return vnext, legacy


@pytest.fixture
def mapping(tmp_path):
    """mapping(db, "init", ARGS..., check=..., KEY=value...) runs the command with these settings."""

    def run(db, word, *args, check=True, user="postgres", **settings):
        config = tmp_path / "mapping.env"
        write_env_file(config, config_for(db, user, **settings))
        return dualwrited("mapping", word, "--config", config, *args, check=check)

    return run


@pytest.fixture
def empty(cluster):
    """empty() makes a database without tables."""
    made = []

    def make():
        made.append(cluster.create_db("template0"))
        return made[-1]

    yield make
    for db in made:
        db.drop()


@pytest.fixture
def shop(empty):
    db = empty()
    for part in example_schema():
        db.execute(part)
    return db


def without_todos(node):
    """The tree without marks; what is nothing but a mark becomes "TODO"."""
    if isinstance(node, dict):
        kept = {key: without_todos(value) for key, value in node.items() if key != "TODO"}
        if len(kept) == 1 and "column" in kept and len(node) == 2:
            return kept["column"]
        return kept if kept or not node else "TODO"
    if isinstance(node, list):
        return [without_todos(item) for item in node]
    return "TODO" if isinstance(node, str) and node.startswith("TODO: ") else node


# ---- init --------------------------------------------------------------------------------------------------------------


def test_the_default_schema_comes_out_close_to_the_default_mapping(db, mapping):
    proposed = without_todos(json.loads(mapping(db, "init").stdout))
    wanted = default_mapping()
    assert proposed["channel"] == wanted["channel"]
    for got, want in zip(proposed["entities"], wanted["entities"], strict=True):
        for key in ("name", "parent", "source", "target", "map", "present", "latest_by"):
            assert got.get(key) == want.get(key), key
        assert got["log"]["id"] == want["log"]["id"]
    team, member = (entity["columns"] for entity in proposed["entities"])
    want_team, want_member = (entity["columns"] for entity in wanted["entities"])
    # what no catalog tells: the games, the logo within the branding, the roles that become PLAYER, the word INACTIVE
    assert team.pop("game") == "game_id" and want_team.pop("game")["column"] == "game_id"
    assert "logo_url" not in team and want_team.pop("logo_url")
    assert team.pop("is_active") == {"expression": "\"status\" = 'ACTIVE'"} and want_team.pop("is_active")
    assert member.pop("role") == "role" and want_member.pop("role")["column"] == "role"
    assert (team, member) == (want_team, want_member)
    assert proposed["entities"][0]["removal"] == wanted["entities"][0]["removal"]


@pytest.mark.parametrize("databases", [1, 2])
def test_the_example_is_what_the_unit_test_has(empty, mapping, databases):
    db = empty()
    legacy = db if databases == 1 else empty()
    vnext_part, legacy_part = example_schema()
    db.execute(vnext_part)
    legacy.execute(legacy_part)
    settings = {} if databases == 1 else {"DUALWRITE_LEGACY_DATABASE_URL": legacy.url()}
    done = mapping(db, "init", *SCHEMAS, **settings)
    assert done.stdout == (GOLDEN / "mapping_init.json").read_text()
    for line in (GOLDEN / "mapping_init.todo").read_text().splitlines():
        assert line in done.stderr


def test_each_todo_is_refused_with_its_path(shop, mapping, tmp_path):
    done = mapping(shop, "init", *SCHEMAS, f"--output={tmp_path / 'mapping.json'}")
    assert not done.stdout
    todos = re.findall(r"(?m)^  (\$\S+): ", done.stderr)
    assert len(todos) >= 15 and f"{len(todos)} decisions are left to you" in done.stderr
    refused = install(shop, check=78, DUALWRITE_MAPPING_FILE=tmp_path / "mapping.json").stderr
    for path in todos:
        assert f"mapping.json: {path}: " in refused


def test_it_reads_only(db, shop, mapping):
    url = {"DUALWRITE_DATABASE_URL": db.url(options="-c default_transaction_read_only=on")}
    assert json.loads(mapping(db, "init", **url).stdout)


def test_the_mapping_that_the_settings_name_need_not_be_there(db, mapping, tmp_path):
    path = tmp_path / "mapping.json"
    mapping(db, "init", f"--output={path}", DUALWRITE_MAPPING_FILE=path)
    assert json.loads(path.read_text())["entities"]


def test_a_file_is_never_overwritten(db, mapping, tmp_path):
    path = tmp_path / "mapping.json"
    path.write_text("mine")
    done = mapping(db, "init", f"--output={path}", check=70)
    assert str(path) in done.stderr and "--output" in done.stderr and path.read_text() == "mine"
    missing = tmp_path / "no" / "such.json"
    assert str(missing) in mapping(db, "init", f"--output={missing}", check=70).stderr


def test_pairs_by_hand(shop, mapping):
    done = mapping(shop, "init", *SCHEMAS, "--tables=product=products,customer=customers")
    assert [e["name"] for e in json.loads(done.stdout)["entities"]] == ["product", "customer"]
    done = mapping(shop, "init", *SCHEMAS, "--tables=produkt=products,customer", check=64)
    assert '"produkt"; the nearest is "product"' in done.stderr and '"customer" is not a pair' in done.stderr
    assert not done.stdout


def test_nothing_to_propose(empty, mapping):
    db = empty()
    done = mapping(db, "init", check=1)
    assert 'schema "public" has no tables' in done.stderr and "--vnext-schema" in done.stderr and not done.stdout
    db.execute("CREATE TABLE a (id int PRIMARY KEY); CREATE SCHEMA old; CREATE TABLE old.b (id int PRIMARY KEY)")
    assert '"nowhere" does not exist' in mapping(db, "init", "--legacy-schema=nowhere", check=1).stderr
    assert "--tables" in mapping(db, "init", check=1).stderr
    done = mapping(db, "init", "--legacy-schema=old", check=1)
    assert "--tables=NEW=LEGACY" in done.stderr and not done.stdout


def test_unreachable(db, mapping):
    done = mapping(db, "init", check=69, DUALWRITE_DATABASE_URL="host=/nowhere dbname=x")
    assert "/nowhere" in done.stderr
    done = mapping(db, "init", check=69, DUALWRITE_LEGACY_DATABASE_URL="host=/nowhere dbname=x")
    assert "DUALWRITE_LEGACY_DATABASE_URL" in done.stderr


def test_hostile_names(empty, mapping):
    db = empty()
    db.execute("""
        CREATE SCHEMA "n e'w"; CREATE SCHEMA "o\"\"l\\d";
        CREATE TABLE "n e'w"."It\"\"em" ("i'd" bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, "na;me --" text);
        CREATE TABLE "o\"\"l\\d"."it_em" (id serial PRIMARY KEY, na_me varchar(10) NOT NULL)""")
    done = mapping(db, "init", "--vnext-schema=n e'w", "--legacy-schema=o\"l\\d")
    entity = json.loads(done.stdout)["entities"][0]
    assert entity["source"] == {"table": 'It"em', "schema": "n e'w", "key": ["i'd"]}
    assert entity["target"]["schema"] == 'o"l\\d'
    statement = re.search(r"(?m)^CREATE TABLE .*;$", done.stderr).group()
    db.execute(statement)
    assert db.value("SELECT count(*) FROM pg_tables WHERE schemaname = %s", ["n e'w"]) == 2


def labels(db, schema):
    """What schema_tables.sql says of the values of columns."""
    statement = (TOP / "lib" / "sql" / "schema_tables.sql").read_text()
    conn = db.connect(autocommit=True)
    conn.execute("PREPARE facts(text) AS " + statement)
    facts = json.loads(conn.execute(f"EXECUTE facts('{schema}')").fetchone()[0])
    return {label["column"]: label["values"] for label in facts["labels"]}


def test_the_values_that_a_check_lists(empty):
    db = empty()
    db.execute("""
        CREATE TYPE mood AS ENUM ('up', 'it''s');
        CREATE TABLE t (
            a varchar(9) CHECK (a IN ('x', 'it''s', 'a, b')), b text CHECK (b IN ('x', 'y')), c char(2) CHECK (c IN ('x', 'y')),
            d mood, e int CHECK (e IN (1, 2)), f text CHECK (f IN ('x', 'y') OR f IS NULL),
            g text CHECK (g NOT IN ('x', 'y')), h text CHECK (NOT (h IN ('x', 'y'))), i text CHECK (i <> 'x'),
            j text CHECK (j IN ('x', 'y') AND length(j) > 1), k text, l text,
            CHECK (k IN ('x') OR l IN ('y')), CHECK (k = ANY (ARRAY[l, 'y'])))""")
    found = labels(db, "public")
    assert {key: found[key] for key in "abcd"} == {
        "a": ["x", "it's", "a, b"], "b": ["x", "y"], "c": ["x", "y"], "d": ["up", "it's"]}
    assert found.pop("f") == ["x", "y"]
    assert set(found) == set("abcd"), "nothing is claimed of what is not understood"


# ---- show --------------------------------------------------------------------------------------------------------------


def squeezed(sql):
    """Without white space and the final semicolon."""
    return re.sub(r"\s+", "", sql).rstrip(";")


def test_show_is_sql_that_the_server_takes(installed, mapping):
    shown = json.loads(mapping(installed, "show", "--json").stdout)
    assert list(shown) == ["team", "membership"]
    assert {"read", "update", "insert", "remove", "verify", "resync"} <= set(shown["team"])
    conn = installed.connect(autocommit=True)
    for entity, steps in shown.items():
        for step, sql in steps.items():
            conn.execute(f'PREPARE "{entity}.{step}" AS {sql}')


def test_the_text_form_has_the_same_statements(installed, mapping):
    shown = json.loads(mapping(installed, "show", "--json", "--capture").stdout)
    text = mapping(installed, "show", "--capture").stdout
    parts = re.split(r"(?m)^-- (\w+)\.(\w+), in the (vNext|legacy) database$", text)
    got = {}
    for entity, step, database, sql in zip(parts[1::4], parts[2::4], parts[3::4], parts[4::4], strict=True):
        got.setdefault(entity, {})[step] = re.sub(r"(?m)^-- ---- .*$", "", sql)
        assert database == ("legacy" if step in LEGACY_STEPS else "vNext")
    assert {e: {s: squeezed(sql) for s, sql in steps.items()} for e, steps in got.items()} == {
        e: {s: squeezed(sql) for s, sql in steps.items()} for e, steps in shown.items()}
    # what can be broken is
    body = re.sub(r"(?s)\$capture\$.*?\$capture\$", "", text)
    assert max(map(len, body.splitlines())) <= 130


def test_capture_is_what_install_executes(db, mapping):
    shown = json.loads(mapping(db, "show", "--capture", "--entity=team", "--json").stdout)
    assert list(shown) == ["team"]
    printed = install(db, "--print-sql", grant=False).stdout
    made = re.findall(r"(?ms)^CREATE (?:OR REPLACE )?(?:FUNCTION|TRIGGER) .*?;$", shown["team"]["capture"])
    assert len(made) >= 8
    assert [statement for statement in made if statement not in printed] == []


def test_one_entity(installed, mapping):
    assert list(json.loads(mapping(installed, "show", "--entity", "team", "--format=json").stdout)) == ["team"]
    done = mapping(installed, "show", "--entity=teem", check=64)
    assert '"teem"; "team" is the nearest' in done.stderr and "membership" in done.stderr and not done.stdout


def test_a_mapping_that_does_not_fit_is_not_shown(db, mapping, tmp_path):
    wrong = default_mapping()
    wrong["entities"][0]["columns"]["name"] = "nmae"
    path = write_mapping(tmp_path / "wrong.json", wrong)
    done = mapping(db, "show", check=78, DUALWRITE_MAPPING_FILE=path)
    assert "$.entities[0].columns.name" in done.stderr and not done.stdout
    path.write_text("{}")
    assert "$.entities: is missing" in mapping(db, "show", check=78, DUALWRITE_MAPPING_FILE=path).stderr


def test_whoever_may_sync_may_look(installed, mapping):
    assert json.loads(mapping(installed, "show", "--json", user="daemon_login").stdout)
    assert json.loads(mapping(installed, "show", "--json", user="app_owner").stdout)


# ---- the words ---------------------------------------------------------------------------------------------------------


def test_help():
    both = dualwrited("mapping", "--help").stdout
    assert re.search(r"(?m)^  init  ", both) and re.search(r"(?m)^  show  ", both)
    assert "--vnext-schema=NAME" in dualwrited("mapping", "init", "--help").stdout
    assert "usage: dualwrited mapping show [options]" in dualwrited("mapping", "show", "--help").stdout


@pytest.mark.parametrize("args, said", [
    ([], "usage: dualwrited mapping"), (["iniit"], '"init" is the nearest'), (["shwo", "--json"], '"show" is the nearest'),
    (["--json"], "unknown command"), (["init", "--output"], "--output needs an argument"), (["show", "x"], 'word "x"'),
    (["init", "--table=a=b"], "--tables"), (["show", "--format=xml"], "text or json")])
def test_wrong_usage(args, said):
    done = dualwrited("mapping", *args, check=64)
    assert said in done.stderr and not done.stdout
