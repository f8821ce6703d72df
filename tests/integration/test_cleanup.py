"""`dualwrited rollback cleanup`: which rows go, that nothing else does, that nobody hears of it, and what it refuses."""

import json
import os
import pty
import re
import signal
import subprocess

import pytest

from conftest import Daemon, assert_in_step, binary, clean_environment, config_for, install, wait_until, write_env_file
from helpers import (LEGACY_MEMBERSHIP, LEGACY_TEAM, MAP, MEMBERSHIP, TEAM, Writers, as_sync_session, drained,
                     events, failed, legacy_rows, rollback, shadow_of)

pytestmark = pytest.mark.layouts("one", "two")

TABLES = (TEAM, MEMBERSHIP, MAP, LEGACY_TEAM, LEGACY_MEMBERSHIP)


def cleanup(db, *args, match="Staging Test%", **more):
    return rollback(db, "cleanup", f"--match={match}", *args, **more)


def cleanup_json(db, *args, **more):
    return json.loads(cleanup(db, "--json", *args, **more).stdout)


def counts(db):
    return {table: db.side(table).value(f"SELECT count(*) FROM {table}") for table in TABLES}


def rows(document):
    return {(table["side"], table["table"]): table["rows"] for table in document["tables"]}


def deleted(document):
    return {(table["side"], table["table"]): table["deleted"] for table in document["tables"]}


def insert_legacy_team(db, name, number=9001):
    as_sync_session(db, f"""INSERT INTO {LEGACY_TEAM} (id, name, slug, game, region, description, is_active, created_at, updated_at)
                            VALUES ({number}, '{name}', 'orphan-{number}', 'csgo', '', '', true, now(), now())""")
    as_sync_session(db, f"""INSERT INTO {LEGACY_MEMBERSHIP} (team_id, user_id, role, status, joined_at)
                            VALUES ({number}, 5, 'PLAYER', 'ACTIVE', now())""")


def populate(db, test=3, real=5):
    """Teams with two members each, synced."""
    install(db)
    with Daemon(db):
        ids = [db.new_team(f"Staging Test {n}") for n in range(test)] + [db.new_team(f"Real {n}") for n in range(real)]
        for team in ids:
            db.new_member(team, 101)
            db.new_member(team, 102)
        drained(db)
        assert_in_step(db)
    return ids[:test], ids[test:]


@pytest.fixture
def populated(db):
    db.test, db.real = populate(db)
    return db


def test_test_data_goes_from_both_sides_and_nothing_else(populated):
    db = populated
    insert_legacy_team(db, "Staging Test orphan")
    real = {table: rows for table, rows in legacy_rows(db).items()}
    before = counts(db)
    shown = cleanup(db, "--dry-run")
    assert "Staging Test 0" in shown.stdout and "Staging Test orphan" in shown.stdout and "Real" not in shown.stdout
    assert re.search(r"organizations_teammembership +vnext +6\b", shown.stdout)
    assert counts(db) == before
    document = cleanup_json(db, "--yes", "--who=ann", "--ticket=T-1")
    assert [line["mark"] for line in document["checklist"]] == ["ok"] * 6 + ["open"] * 2
    assert "**Done by:** ann\n**Incident Ticket:** T-1" in document["notice"] and "Cleaned up" in document["notice"]
    assert deleted(document) == {("vnext", MEMBERSHIP): 6, ("legacy", LEGACY_MEMBERSHIP): 7, ("vnext", MAP): 3,
                                 ("legacy", LEGACY_TEAM): 4, ("vnext", TEAM): 3}
    assert [table["table"] for table in document["tables"]] == [MEMBERSHIP, LEGACY_MEMBERSHIP, MAP, LEGACY_TEAM, TEAM]
    assert all(line["good"] for line in document["verified"]) and len(document["verified"]) == 3
    assert counts(db) == {TEAM: 5, MEMBERSHIP: 10, MAP: 5, LEGACY_TEAM: 5, LEGACY_MEMBERSHIP: 10}
    for table, left in legacy_rows(db).items():
        assert set(left) < set(real[table])
    assert events(db) == [] and not failed(db)
    again = cleanup(db, "--yes")
    assert "nothing to delete" in again.stdout
    assert db.legacy.value("SELECT count(*) FROM dualwrite.legacy_write") == 0
    with Daemon(db) as daemon:
        team = db.new_team("Real too")
        daemon.wait_for("dual_write_completed", team_id=team)
        assert not [line for line in daemon.lines() if line["level"] in ("WARNING", "ERROR")]
        assert_in_step(db)


def test_a_daemon_and_writers_go_on_meanwhile(populated):
    """Events of the rows wait when they go: no legacy row comes back, and no line says that anything failed."""
    db = populated
    with Daemon(db) as daemon, Writers(db) as writers:
        wait_until(lambda: len(writers.ids) > 20)
        for n in range(3):
            team = db.new_team(f"Staging Test more {n}")
            db.new_member(team, 101)
            db.execute(f"UPDATE {TEAM} SET region = 'EU' WHERE name LIKE 'Staging Test%'")
            document = cleanup_json(db, "--yes")
            assert document["done"] and all(line["good"] for line in document["verified"]), document
            wait_until(lambda: db.legacy.value(f"SELECT count(*) FROM {LEGACY_TEAM} WHERE name LIKE 'Staging Test%'") == 0)
        writers.stop()
        assert not writers.errors
        drained(db)
        assert db.legacy.value(f"SELECT count(*) FROM {LEGACY_TEAM} WHERE name LIKE 'Staging Test%'") == 0
        assert_in_step(db)
        assert not daemon.lines("dual_write_failed") and not daemon.lines("lease_taken_over")
        assert not [line for line in daemon.lines() if line["level"] == "ERROR"]
    assert not failed(db)


def test_waiting_and_failed_events_of_the_rows_go_too(populated):
    db = populated
    db.execute(f"UPDATE {TEAM} SET region = 'EU', updated_at = now()")
    db.execute(f"UPDATE {MEMBERSHIP} SET role = 'COACH', updated_at = now() WHERE team_id = %s AND user_id = 101", [db.test[0]])
    db.execute(f"DELETE FROM {MEMBERSHIP} WHERE team_id = %s AND user_id = 102", [db.test[0]])
    db.execute("""INSERT INTO dualwrite.failed (event_id, xid, captured_at, bucket, entity, operation, ref, attempts, message)
                  VALUES (1, '5', now(), 1, 'team', 'sync_team_created', ARRAY[%s], 3, 'x')""", [str(db.test[0])])
    document = cleanup_json(db, "--yes")
    assert (document["events_waiting"], document["events_failed"]) == (5, 1)
    assert sorted(ref[0] for _, ref in events(db)) == sorted(str(team) for team in db.real)
    assert not failed(db)


def test_matches_on_one_side_only_show_both_names(populated):
    db = populated
    as_sync_session(db, f"UPDATE {LEGACY_TEAM} SET name = 'Staging Test once' WHERE id = %s", [shadow_of(db, db.real[0])])
    document = cleanup_json(db, "--dry-run")
    row = [row for row in document["rows"] if row["key"] == [str(db.real[0])]][0]
    assert (row["name"], row["legacy_name"]) == ("Real 0", "Staging Test once")
    text = cleanup(db, "--dry-run").stdout
    assert re.search(r"Real 0 +Staging Test once", text)


def test_a_removed_team_is_found_by_what_legacy_still_has(populated):
    db = populated
    with Daemon(db) as daemon:
        db.execute(f"DELETE FROM {MEMBERSHIP} WHERE team_id = %s", [db.test[0]])
        db.execute(f"DELETE FROM {TEAM} WHERE id = %s", [db.test[0]])
        daemon.wait_for("dual_write_completed", operation="sync_team_deleted", team_id=db.test[0])
        drained(db)
    document = cleanup_json(db, "--yes")
    assert deleted(document) == {("vnext", MEMBERSHIP): 4, ("legacy", LEGACY_MEMBERSHIP): 6, ("vnext", MAP): 3,
                                 ("legacy", LEGACY_TEAM): 3, ("vnext", TEAM): 2}


# ---- refusals ----------------------------------------------------------------------------------------------------------


@pytest.mark.layouts("one", reason="no database is asked")
def test_words_that_are_wrong(populated):
    before = counts(populated)
    for pattern in ("", "%", "%%", "_%", "Staging\\"):
        assert "pattern" in cleanup(populated, "--yes", match=pattern, check=64).stderr
    assert "--yes" in cleanup(populated, check=64).stderr
    assert "--match" in rollback(populated, "cleanup", "--yes", check=64).stderr
    assert "no root entity" in cleanup(populated, "--yes", "--entity=membership", check=64).stderr
    assert counts(populated) == before


def test_everything_and_more_than_half_only_with_yes_all(db):
    populate(db, test=30, real=10)
    before = counts(db)
    assert "more than half" in cleanup(db, "--yes", check=1).stderr
    assert "more than half" in cleanup(db, "--dry-run", check=1).stderr
    assert "every row" in cleanup(db, "--yes", match="%e%", check=1).stderr
    assert counts(db) == before
    cleanup(db, "--yes-all")
    assert counts(db)[TEAM] == counts(db)[LEGACY_TEAM] == 10
    cleanup(db, "--yes-all", match="%")
    assert set(counts(db).values()) == {0}


def test_other_tables_that_refer_to_the_rows_are_named(populated):
    db = populated
    for side, table, team in ((db, TEAM, db.test[0]), (db.legacy, LEGACY_TEAM, shadow_of(db, db.test[0]))):
        side.execute(f"""CREATE TABLE trophies (id int, team bigint CONSTRAINT fk_trophy REFERENCES {table} ON DELETE CASCADE);
                         INSERT INTO trophies VALUES (1, {team})""")
        before = counts(db)
        done = cleanup(db, "--yes", check=1)
        assert "1 rows of public.trophies" in done.stderr and "fk_trophy" in done.stderr and counts(db) == before
        side.execute("DROP TABLE trophies")
    cleanup(db, "--yes")


def test_rows_that_a_trigger_keeps_are_a_surprise(populated):
    db = populated
    db.legacy.execute(f"""CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                              RETURN CASE WHEN OLD.name = 'Staging Test 1' THEN NULL ELSE OLD END; END $$;
                          CREATE TRIGGER keep BEFORE DELETE ON {LEGACY_TEAM} FOR EACH ROW EXECUTE FUNCTION keep()""")
    before = counts(db)
    done = cleanup(db, "--yes", check=1)
    assert LEGACY_TEAM in done.stderr and "of 3 rows" in done.stderr and counts(db) == before and events(db) == []
    if db.layout == "two":
        assert db.execute("SELECT outcome FROM dualwrite.cleanup") == [("given up",)]


def test_shadows_that_a_daemon_makes_meanwhile_go_too(populated, tmp_path):
    """The look found a team that was not synced yet; when the locks are had, it is."""
    db = populated
    team = db.new_team("Staging Test late")
    with db.connect() as conn:
        conn.execute(f"UPDATE {MEMBERSHIP} SET role = role WHERE team_id = %s", [db.test[0]])  # holds the command up
        process = start_cleanup(db, tmp_path)
        wait_until(lambda: db.value("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'dualwrited-cleanup' "
                                    "AND wait_event_type = 'Lock'") == 1)
        with Daemon(db):
            wait_until(lambda: shadow_of(db, team) is not None)
            conn.commit()
            out, err = process.communicate(timeout=60)
    assert process.returncode == 0, out + err
    assert counts(db)[LEGACY_TEAM] == counts(db)[TEAM] == counts(db)[MAP] == 5 and events(db) == []


def test_rows_that_change_between_the_look_and_the_deletion(populated, tmp_path):
    """A writer's transaction holds a row; it renames it and commits while the command waits for the lock."""
    db = populated
    before = counts(db)
    with db.connect() as conn:
        conn.execute(f"UPDATE {TEAM} SET name = 'Real after all' WHERE id = %s", [db.test[0]])
        process = start_cleanup(db, tmp_path)
        wait_until(lambda: db.value("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'dualwrited-cleanup' "
                                    "AND wait_event_type = 'Lock'") == 1)
        conn.commit()
    out, err = process.communicate(timeout=60)
    assert process.returncode == 1 and "changed" in err, out + err
    assert counts(db) == before


def start_cleanup(db, tmp_path):
    config = tmp_path / "cleanup.env"
    write_env_file(config, config_for(db, "postgres"))
    return subprocess.Popen([binary(), "rollback", "cleanup", "--config", str(config), "--match=Staging Test%", "--yes"],
                            env=clean_environment(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                            text=True)


@pytest.mark.layouts("one", reason="the lock is the vNext database's")
def test_one_at_a_time(populated):
    with populated.connect(autocommit=True) as conn:
        conn.execute("SELECT pg_advisory_lock(1685414254, 1)")
        assert "under way" in cleanup(populated, "--yes", check=70).stderr
    cleanup(populated, "--yes")


@pytest.mark.layouts("one", reason="both sides' rights are looked at alike")
def test_a_login_without_the_right_is_told_which(populated):
    done = cleanup(populated, "--yes", check=70, user="daemon_login")
    assert f'GRANT SELECT, UPDATE, DELETE ON "public"."{TEAM}" TO "daemon_login"' in done.stderr


def test_triggers_of_the_application_fire(populated):
    db = populated
    for side, table in ((db, TEAM), (db.legacy, LEGACY_TEAM)):
        side.execute(f"""CREATE TABLE gone_{table} (name text);
                         CREATE FUNCTION note_{table}() RETURNS trigger LANGUAGE plpgsql AS $$
                         BEGIN INSERT INTO public.gone_{table} VALUES (OLD.name); RETURN NULL; END $$;
                         CREATE TRIGGER note AFTER DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION note_{table}()""")
    cleanup(db, "--yes")
    assert db.value(f"SELECT count(*) FROM gone_{TEAM}") == db.legacy.value(f"SELECT count(*) FROM gone_{LEGACY_TEAM}") == 3


@pytest.mark.layouts("two", reason="the legacy database is the other one")
def test_the_login_that_lacks_a_right_in_legacy_is_named(populated):
    for side in populated.sides:
        side.execute("REVOKE dualwrite_daemon FROM app_user")
    done = cleanup(populated, "--yes", check=70, DUALWRITE_LEGACY_DATABASE_URL=populated.legacy.url("app_user"))
    assert 'GRANT dualwrite_daemon TO "app_user";' in done.stderr and f"dbname={populated.legacy.name} " in done.stderr


@pytest.mark.layouts("one", reason="the question is the same")
def test_on_a_terminal_it_asks(populated, tmp_path):
    db = populated
    config = tmp_path / "cleanup.env"
    write_env_file(config, config_for(db, "postgres"))
    for answer, status, left in (("no", 1, 8), ("yes", 0, 5)):
        ours, its = pty.openpty()
        process = subprocess.Popen([binary(), "rollback", "cleanup", "--config", str(config), "--match=Staging Test%"],
                                   env=clean_environment(), stdin=its, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        os.write(ours, f"{answer}\n".encode())
        out, err = process.communicate(timeout=60)
        os.close(ours)
        os.close(its)
        assert process.returncode == status and "Type yes to delete 21 rows" in out, out + err
        assert counts(db)[TEAM] == left


def test_a_thousand_teams_go_in_seconds(db):
    """What is compared are sorted sets; each side is asked once for each of its tables."""
    install(db, "--guard=record")
    with Daemon(db):
        db.execute(f"""INSERT INTO {TEAM} (name, slug, game_id) SELECT 'Staging Test ' || n, 's' || n, 1 FROM generate_series(1, 1000) n;
                       INSERT INTO {TEAM} (name, slug, game_id) SELECT 'Real ' || n, 'r' || n, 1 FROM generate_series(1, 1001) n;
                       INSERT INTO {MEMBERSHIP} (team_id, user_id) SELECT id, u FROM {TEAM}, generate_series(1, 3) u
                       WHERE name LIKE 'S%'""")
        drained(db, 60)
        document = cleanup_json(db, "--yes")
    assert document["done"] and sum(deleted(document).values()) == 9000
    assert counts(db) == {TEAM: 1001, MEMBERSHIP: 0, MAP: 1001, LEGACY_TEAM: 1001, LEGACY_MEMBERSHIP: 0}


# ---- two databases: cut off in between ----------------------------------------------------------------------------------


@pytest.mark.layouts("two", reason="one database has one transaction")
@pytest.mark.parametrize("revived", [False, True])
def test_killed_between_the_databases_and_finished_by_the_next_run(populated, tmp_path, revived):
    db = populated
    insert_legacy_team(db, "Staging Test orphan")
    as_sync_session(db, f"UPDATE {LEGACY_TEAM} SET name = 'Staging Test once' WHERE id = %s", [shadow_of(db, db.real[0])])
    db.execute("""CREATE FUNCTION public.wait() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(60); RETURN NEW; END $$;
                  CREATE TRIGGER wait BEFORE UPDATE ON dualwrite.cleanup FOR EACH ROW EXECUTE FUNCTION public.wait()""")
    process = start_cleanup(db, tmp_path)
    wait_until(lambda: db.legacy.value(f"SELECT count(*) FROM {LEGACY_TEAM} WHERE name LIKE 'Staging Test%'") == 0)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    db.execute("""SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'dualwrited-cleanup'""")
    wait_until(lambda: db.value("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'dualwrited-cleanup'") == 0)
    db.execute("DROP TRIGGER wait ON dualwrite.cleanup")
    assert counts(db) == {TEAM: 8, MEMBERSHIP: 16, MAP: 8, LEGACY_TEAM: 4, LEGACY_MEMBERSHIP: 8}
    if revived:  # a daemon that syncs one of the teams meanwhile makes its legacy row again
        with Daemon(db):
            db.execute(f"UPDATE {TEAM} SET region = 'EU', updated_at = now() WHERE id = %s", [db.test[1]])
            drained(db)
        assert db.legacy.value(f"SELECT count(*) FROM {LEGACY_TEAM} WHERE name LIKE 'Staging Test%'") == 1
    assert "cut off" in cleanup(db, "--dry-run", match="Nobody%").stdout
    document = cleanup_json(db, "--yes", match="Nobody%")
    assert document["resumed"]["match"] == "Staging Test%" and document["resumed"]["done"]
    assert all(line["good"] for line in document["resumed"]["verified"])
    assert counts(db) == {TEAM: 4, MEMBERSHIP: 8, MAP: 4, LEGACY_TEAM: 4, LEGACY_MEMBERSHIP: 8}
    assert db.execute("SELECT outcome FROM dualwrite.cleanup") == [("done",)]
    assert events(db) == []
    assert_in_step(db)
    assert cleanup_json(db, "--yes")["resumed"] is None


@pytest.mark.layouts("two", reason="one database has one transaction")
def test_killed_before_legacy_committed_nothing_is_taken_for_done(populated, tmp_path):
    db = populated
    db.legacy.execute(f"""CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(60); RETURN OLD; END $$;
                          CREATE TRIGGER wait BEFORE DELETE ON {LEGACY_TEAM} FOR EACH ROW EXECUTE FUNCTION wait()""")
    before = counts(db)
    process = start_cleanup(db, tmp_path)
    wait_until(lambda: db.legacy.value("SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'") == 1)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    for side in db.sides:
        side.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'dualwrited-cleanup'")
    db.legacy.execute(f"DROP TRIGGER wait ON {LEGACY_TEAM}")
    assert counts(db) == before
    document = cleanup_json(db, "--yes", match="Nobody%")
    assert document["resumed"] is None and counts(db) == before
    assert db.execute("SELECT outcome FROM dualwrite.cleanup") == [("given up",)]


@pytest.mark.layouts("two", reason="the legacy database is the other one")
def test_a_legacy_database_that_is_away(populated):
    done = cleanup(populated, "--yes", check=69, DUALWRITE_LEGACY_DATABASE_URL="host=/nowhere dbname=x")
    assert "legacy database" in done.stderr


# ---- other applications ---------------------------------------------------------------------------------------------------

SHOP = {
    "entities": [
        {"name": "shop", "source": {"table": "shop", "key": ["code"]}, "target": {"table": "old_shop", "key": ["code"]},
         "columns": {"code": "code", "label": "title"}, "removal": "delete", "log": {"id": "shop"},
         "operations": {"insert": "i", "update": "u", "remove": "r"}},
        {"name": "item", "parent": {"entity": "shop", "column": "shop", "target_column": "shop"},
         "source": {"table": "item", "key": ["id"]}, "target": {"table": "old_item", "key": ["id"]},
         "map": {"table": "item_map", "source_key": "item", "target_key": "old_item"},
         "columns": {"label": "label"}, "removal": "delete", "log": {"id": "item"},
         "operations": {"insert": "ii", "update": "iu", "remove": "ir"}},
    ]
}


def test_another_mapping_with_text_keys_and_children_with_a_map(application):
    db = application(
        {"channel": "shop", **SHOP},
        vnext="""CREATE TABLE shop (code text PRIMARY KEY, title text NOT NULL);
                 CREATE TABLE item (id bigint PRIMARY KEY, shop text NOT NULL REFERENCES shop, label text NOT NULL);
                 CREATE TABLE item_map (item bigint PRIMARY KEY, old_item bigint NOT NULL UNIQUE)""",
        legacy="""CREATE TABLE old_shop (code text PRIMARY KEY, label text NOT NULL);
                  CREATE TABLE old_item (id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
                                         shop text NOT NULL REFERENCES old_shop, label text NOT NULL)""")
    install(db)
    with Daemon(db):
        db.execute("""INSERT INTO shop VALUES ('a', 'Staging Test "1"'), ('b''s', 'Staging Test, {2}'), ('c', 'Real'), ('d', 'x'), ('e', 'y');
                      INSERT INTO item SELECT n, (ARRAY['a', 'b''s', 'c'])[n % 3 + 1], 'n' FROM generate_series(1, 9) n""")
        drained(db)
    assert "--column" in cleanup(db, "--yes", check=64).stderr
    for column in ("label", "title"):  # as either side calls it
        document = cleanup_json(db, f"--column={column}", "--dry-run")
        assert rows(document) == {("vnext", "item"): 6, ("legacy", "old_item"): 6, ("vnext", "item_map"): 6,
                                  ("legacy", "old_shop"): 2, ("vnext", "shop"): 2}
    document = cleanup_json(db, "--column=label", "--yes")
    assert rows(document) == deleted(document)
    assert db.execute("SELECT code FROM shop ORDER BY 1") == db.legacy.execute("SELECT code FROM old_shop ORDER BY 1")
    assert db.value("SELECT count(*) FROM item_map") == db.legacy.value("SELECT count(*) FROM old_item") == 3
    assert events(db) == []


@pytest.mark.layouts("one", reason="that of the vNext database counts")
def test_a_schema_that_is_not_installed(db):
    assert "install" in cleanup(db, "--yes", check=70).stderr


def test_a_server_that_goes_away_in_the_middle(populated, tmp_path):
    """Nothing is deleted, and the words say so."""
    db = populated
    db.legacy.execute(f"""CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(60); RETURN OLD; END $$;
                          CREATE TRIGGER wait BEFORE DELETE ON {LEGACY_TEAM} FOR EACH ROW EXECUTE FUNCTION wait()""")
    before = counts(db)
    process = start_cleanup(db, tmp_path)
    wait_until(lambda: db.legacy.value("SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'") == 1)
    db.legacy.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event = 'PgSleep'")
    out, err = process.communicate(timeout=60)
    assert process.returncode == 69 and "run the same command again" in err, out + err
    assert counts(db) == before
