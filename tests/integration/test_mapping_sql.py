"""What a mapping becomes on a real server: keys, types, absent rows, hostile surroundings of install and uninstall."""

import threading

import psycopg
import pytest

from conftest import Daemon, config_for, dualwrited, install, wait_until, write_env_file, write_mapping
from helpers import (
    LEGACY_MEMBERSHIP, LEGACY_TEAM, MEMBERSHIP, TEAM, as_sync_session, default_mapping, events, failed, legacy_rows,
)

pytestmark = pytest.mark.layouts("one", "two")
INSTALL = pytest.mark.layouts("one", reason="about the objects in vNext; those in legacy: test_install_two.py")


def entity(columns, removal="delete", **more):
    """Table a kept in step with table b, by id."""
    return {"entities": [{"name": "a", "source": {"table": "a", "key": ["id"]}, "target": {"table": "b", "key": ["id"]},
                          "columns": columns, "removal": removal, "log": {"id": "a_id"},
                          "operations": {"insert": "a_i", "update": "a_u", "remove": "a_r"}, **more}]}


def drained(db):
    wait_until(lambda: db.backlog() == 0, what="an empty outbox")


def uninstall(db, tmp_path, *args, check=True, user="postgres"):
    path = tmp_path / "uninstall.env"
    write_env_file(path, config_for(db, user))
    return dualwrited("uninstall", "--config", path, *args, check=check)


# ---- keys ------------------------------------------------------------------------------------------------------------


def test_a_sequence_behind_its_table_never_overwrites_a_row(db):
    install(db)
    as_sync_session(db, f"""
        INSERT INTO {LEGACY_TEAM} (id, name, slug, game, region, description, is_active, created_at, updated_at)
            SELECT n, 'Precious', 'p' || n, 'csgo', 'EU', '', true, now(), now() FROM generate_series(1, 3) n""")
    with Daemon(db) as daemon:
        db.new_team("Newcomer")
        line = daemon.wait_for("dual_write_failed")
        assert "public" in line["error"] and "teams_team" in line["error"] and "setval" in line["error"]
        assert line["sqlstate"] == "23505"
    assert db.legacy.execute(f"SELECT DISTINCT name FROM {LEGACY_TEAM} WHERE id <= 3") == [("Precious",)]


@pytest.mark.layouts("one", reason="capture alone")
def test_a_null_parent_does_not_fail_the_writer(db):
    db.execute(f"ALTER TABLE {MEMBERSHIP} ALTER team_id DROP NOT NULL, ALTER user_id DROP NOT NULL")
    install(db)
    db.execute(f"INSERT INTO {MEMBERSHIP} (id, team_id, user_id) VALUES (7, NULL, NULL)", user="app_user")
    assert [ref for _, ref in events(db)] == [["7", None, None]]
    # a NULL identity is the same identity: this is one change, not a removal and an insertion
    db.execute(f"UPDATE {MEMBERSHIP} SET role = 'COACH'", user="app_user")
    assert [op for op, _ in events(db)] == ["sync_team_member_added", "sync_team_member_updated"]
    db.execute(f"UPDATE {MEMBERSHIP} SET created_at = now()", user="app_user")
    assert len(events(db)) == 2
    team = db.new_team()
    db.execute("DELETE FROM dualwrite.outbox")
    db.execute(f"UPDATE {MEMBERSHIP} SET team_id = %s", [team], user="app_user")
    assert sorted(op for op, _ in events(db)) == ["sync_team_member_added", "sync_team_member_removed"]


@pytest.mark.parametrize("type_", ["date", "numeric", "timestamptz", "boolean"])
def test_keys_are_integers_uuids_or_texts(application, type_):
    db = application(entity({"id": "id", "n": "n"}), f"CREATE TABLE a (id {type_} PRIMARY KEY, n text)",
                     f"CREATE TABLE b (id {type_} PRIMARY KEY, n text)")
    done = install(db, check=78)
    assert "rows are told apart by an integer, uuid or text" in done.stderr and '"id"' in done.stderr


@pytest.mark.parametrize("loose", ["a", "b"])
def test_a_key_is_no_text_whose_collation_calls_others_equal(application, loose):
    """A row whose key is spelt anew would become two in legacy, or two rows one."""
    if application({"entities": []}).value("SELECT count(*) = 0 FROM pg_collation WHERE collprovider = 'i'"):
        pytest.skip("the server has no ICU collations")
    db = application(entity({"id": "id", "n": "n"}), f"CREATE TABLE a (id text {'COLLATE loose' if loose == 'a' else ''} PRIMARY KEY, n text)",
                     f"CREATE TABLE b (id text {'COLLATE loose' if loose == 'b' else ''} PRIMARY KEY, n text)",
                     "CREATE COLLATION loose (provider = icu, locale = 'und-u-ks-level2', deterministic = false)")
    done = install(db, check=78)
    assert "whose collation calls different texts equal" in done.stderr and f"{'source' if loose == 'a' else 'target'}.key" in done.stderr


@pytest.mark.parametrize("value,key", [("DOMAIN d AS integer", "1"), ("DOMAIN d AS varchar(9)", "x")])
def test_a_domain_is_what_it_stands_for(application, value, key):
    db = application(entity({"id": "id", "n": "n"}), "CREATE TABLE a (id d PRIMARY KEY, n text)",
                     "CREATE TABLE b (id d PRIMARY KEY, n text)", f"CREATE {value}")
    install(db)
    with Daemon(db):
        db.execute(f"INSERT INTO a VALUES ('{key}', 'x')", user="app_user")
        wait_until(lambda: db.legacy.execute("SELECT id::text FROM b") == [(key,)])


# ---- values ----------------------------------------------------------------------------------------------------------


def test_a_domain_of_the_target_does_not_cut(application):
    db = application(entity({"id": "id", "n": "n"}), "CREATE TABLE a (id int PRIMARY KEY, n text)",
                     "CREATE DOMAIN v5 AS varchar(5); CREATE DOMAIN v5b AS v5; CREATE TABLE b (id int PRIMARY KEY, n v5b)")
    install(db)
    with Daemon(db) as daemon:
        db.execute("INSERT INTO a VALUES (1, 'abcdefghij'), (2, 'abc')", user="app_user")
        assert daemon.wait_for("dual_write_failed", a_id=1)["sqlstate"] == "22001"
        wait_until(lambda: db.legacy.execute("SELECT * FROM b") == [(2, "abc")])


def test_a_removal_asks_nothing_of_a_domain_that_takes_no_null(application):
    db = application(entity({"id": "id", "n": "n", "gone": {"constant": "f"}}, removal={"set": {"gone": {"constant": "t"}}}),
                     "CREATE TABLE a (id int PRIMARY KEY, n text)",
                     "CREATE DOMAIN word AS varchar(5) NOT NULL; CREATE TABLE b (id int PRIMARY KEY, n word, gone bool)")
    install(db)
    with Daemon(db) as daemon:
        db.execute("INSERT INTO a VALUES (1, 'abc')", user="app_user")
        wait_until(lambda: db.legacy.execute("SELECT * FROM b") == [(1, "abc", False)])
        db.execute("UPDATE a SET n = 'x\"y'", user="app_user")
        wait_until(lambda: db.legacy.execute("SELECT n FROM b") == [('x"y',)])
        db.execute("DELETE FROM a", user="app_user")
        wait_until(lambda: db.legacy.execute("SELECT * FROM b") == [(1, 'x"y', True)])
        assert daemon.lines("dual_write_failed") == []


@pytest.mark.parametrize("source,target", [
    ("timestamptz", "date"), ("numeric", "integer"), ("text", "name"), ("timestamptz", "timestamptz(0)"),
    ("numeric(9,4)", "numeric(9,2)"), ("float8", "float4"), ("text", "integer")])
def test_lossy_pairs_need_an_expression(application, source, target):
    tables = (f"CREATE TABLE a (id int PRIMARY KEY, n {source})", f"CREATE TABLE b (id int PRIMARY KEY, n {target})")
    done = install(application(entity({"id": "id", "n": "n"}), *tables), check=78)
    assert "write an expression if you mean it" in done.stderr
    install(application(entity({"id": "id", "n": {"expression": f"n::{target}"}}), *tables))


@pytest.mark.parametrize("type_", ["json[]", "point", "hstore", "jsonb", "integer[]", "int4range", "cidr", "bit(3)"])
def test_every_type_can_be_compared(application, type_):
    value = {"json[]": "array['{}'::json]", "point": "point(1,2)", "hstore": "'a=>1'", "jsonb": "'{}'", "cidr": "'10.0.0.0/8'",
             "integer[]": "'{1,2}'", "int4range": "'[1,5)'", "bit(3)": "B'101'"}[type_]
    db = application(entity({"id": "id", "n": "n"}), f"CREATE TABLE a (id int PRIMARY KEY, n {type_})",
                     f"CREATE TABLE b (id int PRIMARY KEY, n {type_})", "CREATE EXTENSION hstore")
    install(db)
    with Daemon(db) as daemon:
        db.execute(f"INSERT INTO a VALUES (1, {value})", user="app_user")
        daemon.wait_for("dual_write_completed", a_id=1)
        assert db.legacy.value("SELECT n::text FROM b WHERE id = 1") == db.value("SELECT n::text FROM a")
    assert failed(db) == {}


def test_a_volatile_expression_is_evaluated_for_wanted_rows_only(application):
    db = application(entity({"id": "id", "n": {"expression": "public.f(n)"}}),
                     """CREATE TABLE a (id int PRIMARY KEY, n text);
                        CREATE FUNCTION f(text) RETURNS int LANGUAGE plpgsql AS 'BEGIN RETURN $1::int; END'""",
                     "CREATE TABLE b (id int PRIMARY KEY, n int)")
    install(db)
    with Daemon(db):
        db.execute("INSERT INTO a VALUES (2, 'bad')", user="app_user")
        wait_until(lambda: "2" in failed(db))
        db.execute("INSERT INTO a VALUES (1, '1'), (3, '3')", user="app_user")
        wait_until(lambda: db.legacy.execute("SELECT * FROM b ORDER BY id") == [(1, 1), (3, 3)])
        db.execute("DELETE FROM a WHERE id = 1", user="app_user")
        wait_until(lambda: db.legacy.execute("SELECT * FROM b ORDER BY id") == [(3, 3)])


def test_a_source_table_may_be_called_as_we_call_ours(application):
    mapping = entity({"id": "id", "n": {"expression": "upper(n)"}})
    mapping["entities"][0]["source"]["table"] = "w"
    db = application(mapping, "CREATE TABLE w (id int PRIMARY KEY, n text)", "CREATE TABLE b (id int PRIMARY KEY, n text)")
    install(db)
    with Daemon(db):
        db.execute("INSERT INTO w VALUES (1, 'x')", user="app_user")
        wait_until(lambda: db.legacy.execute("SELECT * FROM b") == [(1, "X")])


# ---- absent rows -----------------------------------------------------------------------------------------------------


def test_an_absent_membership_makes_no_legacy_row(db):
    install(db)
    with Daemon(db) as daemon:
        team = db.new_team()
        db.new_member(team, status="LEFT")
        daemon.wait_for("dual_write_completed", operation="sync_team_member_added")
        drained(db)
    assert db.legacy.value(f"SELECT count(*) FROM {LEGACY_MEMBERSHIP}") == 0
    assert failed(db) == {}


def test_keep_leaves_absent_rows_alone(application):
    db = application(entity({"id": "id", "n": "n"}, removal="keep", present={"column": "s", "in": ["up"]}),
                     "CREATE TABLE a (id int PRIMARY KEY, n text, s text)", "CREATE TABLE b (id int PRIMARY KEY, n text)")
    install(db)
    with Daemon(db):
        db.execute("INSERT INTO a VALUES (1, 'x', 'up'), (2, 'x', 'down')", user="app_user")
        wait_until(lambda: db.legacy.execute("SELECT * FROM b") == [(1, "x")])
        db.execute("UPDATE a SET n = 'y', s = 'down'", user="app_user")
        drained(db)
        assert db.legacy.execute("SELECT * FROM b") == [(1, "x")]
    assert failed(db) == {}


# ---- install and uninstall -------------------------------------------------------------------------------------------


@INSTALL
def test_uninstall_sees_what_a_writer_commits_meanwhile(db, tmp_path):
    install(db)
    writer = db.connect("app_user")
    writer.execute(f"INSERT INTO {TEAM} (name, slug, game_id) VALUES ('race', 'race', 1)")
    timer = threading.Timer(1.5, writer.commit)
    timer.start()
    done = uninstall(db, tmp_path, check=1)
    timer.join()
    assert "1 events wait" in done.stderr
    assert len(events(db)) == 1
    db.new_team("still captured")
    assert len(events(db)) == 2
    uninstall(db, tmp_path, "--discard")


@INSTALL
def test_uninstall_counts_resync_marks(db, tmp_path):
    install(db)
    db.execute(f"TRUNCATE {MEMBERSHIP}")
    assert "1 tables for a resync" in uninstall(db, tmp_path, check=1).stderr
    uninstall(db, tmp_path, "--discard")


@INSTALL
@pytest.mark.parametrize("command", ["install", "uninstall"])
def test_a_superuser_does_not_run_what_another_role_put_there(db, cluster, tmp_path, command):
    with cluster.connect() as conn:
        conn.execute("DO $$ BEGIN CREATE ROLE evil LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$")
    db.execute(f"GRANT CREATE ON DATABASE {db.name} TO evil")
    db.execute("CREATE SCHEMA dualwrite; CREATE TABLE dualwrite.setting (key text, value text)", user="evil")
    done = install(db, check=70, grant=False) if command == "install" else uninstall(db, tmp_path, check=70)
    assert "belongs to role evil" in done.stderr
    db.execute("DROP TABLE dualwrite.setting; CREATE VIEW dualwrite.setting AS SELECT 1 AS key", user="evil")
    done = install(db, check=70, grant=False) if command == "install" else uninstall(db, tmp_path, check=70)
    assert "not ours" in done.stderr


def test_functions_pin_their_search_path(db):
    """But for the procedure: one that has a SET clause must not COMMIT (CREATE PROCEDURE), so it names everything in full."""
    install(db)
    for side in db.sides:
        assert side.execute("""SELECT p.proname FROM pg_proc p WHERE p.pronamespace = 'dualwrite'::regnamespace AND p.prokind <> 'p'
                               AND NOT coalesce(p.proconfig, '{}') @> '{"search_path=pg_catalog, pg_temp"}'""") == []


@INSTALL
def test_entities_that_are_gone_are_forgotten(db, tmp_path):
    install(db)
    mapping = default_mapping()
    mapping["entities"] = [e for e in mapping["entities"] if e["name"] == "team"]
    path = tmp_path / "m.json"
    write_mapping(path, mapping)
    db.execute(f"TRUNCATE {MEMBERSHIP}")
    install(db, DUALWRITE_MAPPING_FILE=path)
    assert db.execute("SELECT entity FROM dualwrite.resync") == [("team",)]
    assert db.value("SELECT to_regclass('dualwrite.resync_membership')"), "a mark stands, should the entity come back"
    install(db)
    db.execute("UPDATE dualwrite.resync SET handled = 99 WHERE entity = 'membership'")
    install(db, DUALWRITE_MAPPING_FILE=path)
    assert db.execute("SELECT entity FROM dualwrite.resync") == [("team",)]
    assert db.value("SELECT to_regclass('dualwrite.resync_membership')") is None


def test_children_are_warned_of(application):
    db = application(entity({"id": "id", "n": "n"}), "CREATE TABLE a (id int PRIMARY KEY, n text) PARTITION BY RANGE (id)",
                     "CREATE TABLE b (id int PRIMARY KEY, n text)")
    done = install(db)
    assert "neither captured nor guarded" in done.stderr


# ---- guard and flags -------------------------------------------------------------------------------------------------


def test_a_statement_that_touches_no_row_is_not_refused(db):
    install(db)
    before = legacy_rows(db)
    db.legacy.execute(f"UPDATE {LEGACY_TEAM} SET name = 'x' WHERE false", user="app_user")
    db.legacy.execute(f"DELETE FROM {LEGACY_TEAM}", user="app_user")
    with pytest.raises(psycopg.Error) as refused:
        db.legacy.execute(f"""INSERT INTO {LEGACY_TEAM} (name, slug, game, region, description, is_active, created_at, updated_at)
                       VALUES ('x', 'x', 'x', 'x', '', true, now(), now())""", user="app_user")
    assert refused.value.sqlstate == "DW003"
    assert legacy_rows(db) == before


@INSTALL
def test_an_old_snapshot_does_not_make_daemons_look_dead(db):
    install(db)
    db.execute("""INSERT INTO dualwrite.daemon (instance, host, pid, version, mapping_digest, flags, listening, state, beat_at)
                  VALUES (gen_random_uuid(), 'h', 1, '1', 'x', '{}', true, 'x', clock_timestamp() - interval '8 seconds')""")
    with db.connect() as old:
        old.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        assert old.execute("SELECT count(*) FROM dualwrite.live_daemon").fetchone() == (1,)
        old.execute("SELECT pg_sleep(3)")
        assert old.execute("SELECT count(*) FROM dualwrite.live_daemon").fetchone() == (1,)
    assert db.value("SELECT count(*) FROM dualwrite.live_daemon") == 0


@INSTALL
def test_a_long_text_key_can_fail(db):
    install(db)
    db.execute("""INSERT INTO dualwrite.failed (event_id, xid, captured_at, bucket, entity, operation, ref, identity, parent,
                                                attempts, message)
                  SELECT 1, '1', now(), 0, 'a', 'a', ARRAY[string_agg(md5(i::text), '')], ARRAY[string_agg(md5(i::text), '')],
                         string_agg(md5(i::text), ''), 1, ''
                  FROM generate_series(1, 3000) i""")
    db.execute("SET enable_seqscan = off")
    plan = db.execute("""EXPLAIN SELECT FROM dualwrite.failed f
                         WHERE f.entity = 'a' AND hash_array_extended(f.identity, 0) = hash_array_extended('{1}'::text[], 0)""")
    assert "failed_by_identity" in str(plan)
